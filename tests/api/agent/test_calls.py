import pytest

from api.agent.calls import PendingCall, split_body
from scheduler.domain.errors import ConflictError, UnreachableError
from scheduler.domain.frames import CALL_CHUNK_BYTES, CALL_WINDOW_BYTES, FrameError


@pytest.fixture
def call():
    return PendingCall(id="g.1", party="9999", op="log.read")


def give(call, header, payload=b""):
    call.on_frame(header, memoryview(payload))


async def test_head_chunks_and_reply_in_turn(call):
    give(call, {"t": "head"}, b'{"size": 2}')
    give(call, {"t": "chunk", "n": 0}, b"a")
    give(call, {"t": "chunk", "n": 1}, b"b")
    give(call, {"t": "reply", "ok": True}, b"{}")
    assert call.head == {"size": 2}
    assert [call.find_chunk(), call.find_chunk(), call.find_chunk()] == [b"a", b"b", None]
    assert await call.wait_for_reply(1.0) == {}


async def test_a_missing_chunk_fails_the_call(call):
    give(call, {"t": "chunk", "n": 1}, b"b")
    with pytest.raises(UnreachableError, match="a part of the answer of party 9999 was lost"):
        call.get_result()


def test_more_than_the_window_is_a_broken_rule(call):
    chunks = CALL_WINDOW_BYTES // CALL_CHUNK_BYTES + 1
    for number in range(chunks):
        give(call, {"t": "chunk", "n": number}, bytes(CALL_CHUNK_BYTES))
    with pytest.raises(FrameError):
        give(call, {"t": "chunk", "n": chunks}, b"x")


def test_an_empty_chunk_is_a_broken_rule(call):
    """It would need no room in the window: there could be any number of them."""
    with pytest.raises(FrameError):
        give(call, {"t": "chunk", "n": 0})


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_a_result_that_is_no_object_is_a_broken_rule(call, payload):
    with pytest.raises(FrameError):
        give(call, {"t": "reply", "ok": True}, payload)


async def test_an_error_of_the_party_is_raised_and_one_without_meaning_names_it(call):
    give(call, {"t": "reply", "ok": False, "code": "conflict", "error": "taken"})
    with pytest.raises(ConflictError, match="taken"):
        await call.wait_for_reply(1.0)
    other = PendingCall(id="g.2", party="9999", op="log.read")
    give(other, {"t": "reply", "ok": False, "code": "error", "error": "broken"})
    with pytest.raises(UnreachableError, match=r"party 9999 could not answer log\.read: broken"):
        other.get_result()


async def test_silence_is_unreachable_in_time(call):
    with pytest.raises(UnreachableError, match=r"party 9999 did not answer log\.read within 0\.05 s"):
        await call.wait_for_reply(0.05)


def test_credit_is_bounded_per_frame(call):
    give(call, {"t": "credit", "n": 1 << 50})
    assert call.credit == 2 * CALL_WINDOW_BYTES


async def test_a_body_is_split_into_chunks():
    async def body():
        yield bytes(2 * CALL_CHUNK_BYTES + 1)
        yield b""
        yield b"x"

    assert [len(piece) async for piece in split_body(body())] == [CALL_CHUNK_BYTES, CALL_CHUNK_BYTES, 1, 1]
