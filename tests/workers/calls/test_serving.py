import asyncio
import json
import threading

import pytest

from scheduler.domain.errors import ConflictError
from scheduler.domain.frames import CALL_CHUNK_BYTES, CALL_WINDOW_BYTES, CHUNK_BYTES, FrameError, pack, unpack
from tests.party_channel import until
from workers.calls.serving import MAX_CALLS, MAX_WAITING, Answer, Calls, render_result


class Desk:
    """Calls with a record of the frames they write."""

    def __init__(self, **ops):
        self.frames = []
        self.calls = Calls(ops, lambda frame: self.frames.append(unpack(frame)))

    def give(self, header, payload=b""):
        self.calls.on_frame(*unpack(pack(header, payload)))

    def call(self, op, identity="g.1", **args):
        self.give({"t": "call", "id": identity, "op": op, "args": args})

    async def reply(self, identity="g.1"):
        def find():
            return [frame for frame in self.frames if frame[0]["t"] == "reply" and frame[0]["id"] == identity]

        await until(lambda: bool(find()))
        header, payload = find()[0]
        return header, json.loads(bytes(payload)) if payload else None

    def sizes(self):
        return [len(payload) for header, payload in self.frames if header["t"] == "chunk"]


def endless(args, body):
    return Answer(body=iter(lambda: bytes(CALL_CHUNK_BYTES), None))


async def test_an_operation_runs_in_a_thread_and_is_answered():
    main = threading.get_ident()
    desk = Desk(op=lambda args, body: Answer(result={"args": args, "same": threading.get_ident() == main}))
    desk.call("op", a=1)
    assert await desk.reply() == ({"t": "reply", "id": "g.1", "ok": True}, {"args": {"a": 1}, "same": False})
    desk.calls.close()


async def test_a_body_goes_out_only_as_far_as_the_credit():
    desk = Desk(endless=endless)
    desk.call("endless")
    await until(lambda: sum(desk.sizes()) == CALL_WINDOW_BYTES)
    await asyncio.sleep(0.05)
    assert sum(desk.sizes()) == CALL_WINDOW_BYTES
    desk.give({"t": "credit", "id": "g.1", "n": CALL_CHUNK_BYTES})
    await until(lambda: sum(desk.sizes()) == CALL_WINDOW_BYTES + CALL_CHUNK_BYTES)
    desk.give({"t": "cancel", "id": "g.1"})
    header, _ = await desk.reply()
    assert header["code"] == "ended"
    desk.calls.close()


async def test_a_body_comes_in_with_credit_given_as_it_is_read():
    desk = Desk(count=lambda args, body: Answer(result={"size": sum(map(len, body))}))
    desk.call("count")
    for number in range(3):
        desk.give({"t": "chunk", "id": "g.1", "n": number, "last": False}, bytes(1000))
    desk.give({"t": "chunk", "id": "g.1", "n": 3, "last": True})
    assert (await desk.reply())[1] == {"size": 3000}
    assert sum(header["n"] for header, _ in desk.frames if header["t"] == "credit") == 3000
    desk.calls.close()


async def test_a_body_may_be_longer_than_its_window_where_it_is_read():
    desk = Desk(count=lambda args, body: Answer(result={"size": sum(map(len, body))}))
    desk.call("count")
    size, pieces = CALL_CHUNK_BYTES, CALL_WINDOW_BYTES // CALL_CHUNK_BYTES + 3
    for number in range(pieces):
        desk.give({"t": "chunk", "id": "g.1", "n": number, "last": number == pieces - 1}, bytes(size))
        await until(lambda: sum(header["t"] == "credit" for header, _ in desk.frames) == number + 1)  # noqa: B023
    assert (await desk.reply())[1] == {"size": pieces * size}
    desk.calls.close()


async def test_an_answer_with_a_body_is_a_head_its_pieces_and_an_end():
    pieces = [b"x" * (CALL_CHUNK_BYTES + 1), b"y"]
    desk = Desk(read=lambda args, body: Answer(result={"a": 1}, body=iter(pieces)))
    desk.call("read")
    assert (await desk.reply()) == ({"t": "reply", "id": "g.1", "ok": True}, {})
    (head, result), *chunks, _ = desk.frames
    assert (head, json.loads(bytes(result))) == ({"t": "head", "id": "g.1"}, {"a": 1})
    assert [header["n"] for header, _ in chunks] == [0, 1, 2]
    assert b"".join(bytes(piece) for _, piece in chunks) == b"".join(pieces)
    desk.calls.close()


async def test_arguments_that_are_no_object_are_a_broken_rule():
    desk = Desk(op=lambda args, body: Answer())
    with pytest.raises(FrameError, match="args"):
        desk.give({"t": "call", "id": "g.1", "op": "op", "args": []})
    desk.calls.close()


async def test_a_lost_piece_of_the_body_fails_the_call():
    desk = Desk(count=lambda args, body: Answer(result={"size": sum(map(len, body))}))
    desk.call("count")
    desk.give({"t": "chunk", "id": "g.1", "n": 1, "last": True}, b"second")
    assert (await desk.reply())[0]["ok"] is False
    desk.calls.close()


async def test_more_than_the_window_is_a_broken_rule():
    block = threading.Event()
    desk = Desk(slow=lambda args, body: Answer(result={"waited": block.wait(60)}))
    desk.call("slow")

    def flood():
        for number in range(100):
            desk.give({"t": "chunk", "id": "g.1", "n": number, "last": False}, bytes(CALL_CHUNK_BYTES))

    with pytest.raises(FrameError):
        flood()
    block.set()
    desk.calls.close()


async def test_too_many_calls_at_once_are_refused():
    desk = Desk(endless=endless)
    for number in range(MAX_CALLS + MAX_WAITING + 1):
        desk.call("endless", identity=f"g.{number}")
    header, _ = await desk.reply(f"g.{MAX_CALLS + MAX_WAITING}")
    assert header["code"] == "busy"
    desk.calls.close()


async def test_a_few_more_wait_for_their_turn_and_a_given_up_one_never_begins():
    block, begun = threading.Event(), []
    desk = Desk(
        slow=lambda args, body: Answer(result={"waited": block.wait(60)}), late=lambda args, body: begun.append(1)
    )
    for number in range(MAX_CALLS):
        desk.call("slow", identity=f"g.{number}")
    desk.call("late", identity="g.given-up")
    desk.call("slow", identity="g.last")
    desk.give({"t": "cancel", "id": "g.given-up"})
    block.set()
    header, _ = await desk.reply("g.last")
    assert header["ok"] is True
    assert begun == []
    desk.calls.close()


async def test_errors_are_answers_and_defects_are_logged_not_told():
    def refuse(args, body):
        raise ConflictError("taken")

    desk = Desk(
        refuse=refuse, crash=lambda args, body: 1 / 0, nan=lambda args, body: Answer(result={"x": float("nan")})
    )
    desk.call("refuse", identity="g.1")
    desk.call("crash", identity="g.2")
    desk.call("nan", identity="g.3")
    desk.call("absent", identity="g.4")
    assert ((await desk.reply("g.1"))[0]["code"], (await desk.reply("g.1"))[0]["error"]) == ("conflict", "taken")
    for identity in ("g.2", "g.3"):
        header, _ = await desk.reply(identity)
        assert header["code"] == "error"
        assert "zero" not in header["error"]
    assert (await desk.reply("g.4"))[0]["code"] == "not_found"
    desk.calls.close()


async def test_an_answer_that_fits_no_frame_is_refused():
    desk = Desk(big=lambda args, body: Answer(result={"x": "y" * CHUNK_BYTES}))
    desk.call("big")
    assert (await desk.reply())[0]["code"] == "too_large"
    desk.calls.close()


async def test_the_end_of_the_connection_frees_the_threads():
    desk = Desk(endless=endless)
    for number in range(MAX_CALLS):
        desk.call("endless", identity=f"g.{number}")
    desk.calls.drop_all()
    desk.call("endless", identity="g.new")
    await until(lambda: any(header["id"] == "g.new" for header, _ in desk.frames))
    assert list(desk.calls._calls) == ["g.new"]
    assert not any(header["t"] == "reply" for header, _ in desk.frames)
    desk.calls.close()


def test_half_a_character_in_a_result_goes_out_as_a_question_mark():
    assert json.loads(render_result({"name": "a\udcff"})) == {"name": "a?"}
