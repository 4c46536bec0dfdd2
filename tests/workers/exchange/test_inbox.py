import resource
from pathlib import Path

import pytest

from scheduler.domain.frames import CHUNK_BYTES, WINDOW_BYTES
from workers.exchange.inbox import Inbox, Wait
from workers.exchange.stream import FRAME_COST, StreamError


@pytest.fixture
def consumed():
    return []


@pytest.fixture
def inbox(tmp_path, consumed):
    return Inbox(tmp_path / "spill", consumed.append)


def want(inbox, key, got):
    wait = Wait(key=key, on_message=lambda *answer: got.append(answer), since=0.0, deadline=5.0)
    return inbox.want(wait)


def fill(inbox, key, size):
    inbox.start(key, size, memoryview(bytes(min(size, CHUNK_BYTES))))
    for start in range(CHUNK_BYTES, size, CHUNK_BYTES):
        inbox.add(memoryview(b"x" * min(CHUNK_BYTES, size - start)))


def test_a_small_unread_message_holds_its_window_until_it_is_read(inbox, consumed):
    fill(inbox, ("m", 0), 100)
    assert consumed == []
    got = []
    assert want(inbox, ("m", 0), got)
    assert consumed == [100 + FRAME_COST]
    assert got == [(bytes(100), "")]


def test_a_large_unread_message_goes_to_a_file_and_frees_the_window(inbox, consumed, tmp_path):
    size = 3 * CHUNK_BYTES
    fill(inbox, ("m", 0), size)
    assert sum(consumed) == size + 3 * FRAME_COST
    assert [path.stat().st_size for path in tmp_path.rglob("*.part")] == [size]
    got = []
    want(inbox, ("m", 0), got)
    assert bytes(got[0][0]) == bytes(CHUNK_BYTES) + b"x" * (2 * CHUNK_BYTES)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(b"short")])
def test_whoever_waits_for_a_message_that_the_disk_has_lost_is_told(inbox, tmp_path, spoil):
    fill(inbox, ("m", 0), 2 * CHUNK_BYTES)
    (file,) = tmp_path.rglob("*.part")
    spoil(file)
    got = []
    assert want(inbox, ("m", 0), got)
    assert got[0][0] == b""
    assert "message 'm' of round 0 came, but cannot be read" in got[0][1]


def test_a_large_awaited_message_touches_no_disk(inbox, tmp_path):
    got = []
    assert not want(inbox, ("m", 0), got)
    fill(inbox, ("m", 0), 3 * CHUNK_BYTES)
    assert len(got[0][0]) == 3 * CHUNK_BYTES
    assert not (tmp_path / "spill").exists()


def test_messages_of_one_key_come_in_their_order(inbox):
    got = []
    for content in (b"1", b"2"):
        inbox.start(("m", 0), 1, memoryview(content))
    want(inbox, ("m", 0), got)
    want(inbox, ("m", 0), got)
    assert got == [(b"1", ""), (b"2", "")]


@pytest.mark.parametrize("size", [-1, 1 << 60])
def test_an_impossible_size_is_refused(inbox, size):
    with pytest.raises(StreamError):
        inbox.start(("m", 0), size, memoryview(b""))


def test_broken_framing_is_refused(inbox):
    with pytest.raises(StreamError):
        inbox.add(memoryview(b"x"))
    with pytest.raises(StreamError):
        inbox.start(("m", 0), 1, memoryview(b"xy"))


def test_a_message_inside_another_is_refused(inbox):
    inbox.start(("m", 0), 10, memoryview(b"x"))
    with pytest.raises(StreamError):
        inbox.start(("n", 0), 10, memoryview(b"x"))


def test_waits_fail_by_deadline_by_number_or_all(inbox):
    got = []
    for number in range(3):
        want(inbox, ("m", number), got)
    inbox.fail_waits("late", until=4.0)
    assert got == []
    inbox.fail_waits("one", number=inbox.waits[0].number)
    assert got == [(b"", "message 'm' of round 0 cannot come: one")]
    inbox.fail_waits("late", until=6.0)
    assert len(got) == 3
    assert not inbox.has_waits


def test_a_closed_inbox_lets_everything_pass_and_keeps_nothing(inbox, consumed, tmp_path):
    fill(inbox, ("a", 0), 10)
    fill(inbox, ("b", 0), 2 * CHUNK_BYTES)
    inbox.start(("c", 0), 2 * CHUNK_BYTES, memoryview(bytes(CHUNK_BYTES)))
    inbox.close()
    inbox.add(memoryview(bytes(CHUNK_BYTES)))
    fill(inbox, ("d", 0), 2 * CHUNK_BYTES)
    assert sum(consumed) == 10 + 6 * CHUNK_BYTES + 7 * FRAME_COST
    assert not list(tmp_path.rglob("*.part"))


def test_a_peer_that_sends_beyond_its_window_is_refused_instead_of_filling_the_memory(inbox, consumed):
    fitting = WINDOW_BYTES // (CHUNK_BYTES + FRAME_COST)
    for number in range(fitting):
        fill(inbox, ("m", number), CHUNK_BYTES)
    with pytest.raises(StreamError, match="window"):
        fill(inbox, ("m", fitting), CHUNK_BYTES)
    got = []
    want(inbox, ("m", 0), got)
    assert consumed == [CHUNK_BYTES + FRAME_COST]


def test_a_disk_that_takes_only_a_part_of_a_piece_is_an_error_and_no_shorter_file(inbox):
    given = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CHUNK_BYTES + CHUNK_BYTES // 2, given[1]))
    try:
        with pytest.raises(OSError, match="large"):
            fill(inbox, ("m", 0), 2 * CHUNK_BYTES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, given)
