import resource
from pathlib import Path

import pytest

from scheduler.domain.frames import CHUNK_BYTES, WINDOW_BYTES
from workers.exchange.inbox import MAX_MESSAGE_BYTES, Inbox, Wait
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


def test_an_awaited_message_beyond_what_memory_may_take_goes_to_a_file(inbox, tmp_path, monkeypatch):
    monkeypatch.setattr("workers.exchange.inbox.MEMORY_BYTES", 2 * CHUNK_BYTES)
    got = []
    for number, size in enumerate((2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1)):
        want(inbox, ("m", number), got)
        fill(inbox, ("m", number), size)
        assert (tmp_path / "spill").exists() is (number == 1)
    assert [len(content) for content, _ in got] == [2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1]


@pytest.mark.parametrize("is_awaited", [True, False])
def test_a_message_larger_than_the_window_frees_it_piece_by_piece(inbox, consumed, is_awaited):
    if is_awaited:
        want(inbox, ("m", 0), [])
    fill(inbox, ("m", 0), WINDOW_BYTES + CHUNK_BYTES)
    assert set(consumed) == {CHUNK_BYTES + FRAME_COST}


def test_whoever_asks_for_a_message_on_its_way_frees_what_it_holds(inbox, consumed):
    got = []
    inbox.start(("m", 0), CHUNK_BYTES, memoryview(b"x"))
    want(inbox, ("n", 0), got)
    assert consumed == []
    want(inbox, ("m", 0), got)
    assert consumed == [1 + FRAME_COST]


def test_a_peer_may_use_its_window_to_the_last_byte_again_and_again(inbox, consumed):
    got = []
    for turn in range(3):
        room = WINDOW_BYTES
        while room:
            size = min(CHUNK_BYTES, room - FRAME_COST)
            fill(inbox, ("m", turn), size)
            room -= size + FRAME_COST
        while want(inbox, ("m", turn), got):
            pass
    assert sum(consumed) == 3 * WINDOW_BYTES


def test_unread_files_beyond_their_limit_hold_the_window_until_one_is_read(inbox, consumed, monkeypatch):
    size = 2 * CHUNK_BYTES
    monkeypatch.setattr("workers.exchange.inbox.SPILL_LIMIT_BYTES", 2 * size)
    free = size + 2 * FRAME_COST
    for number in range(2):
        fill(inbox, ("m", number), size)
    assert sum(consumed) == 2 * free
    fill(inbox, ("m", 2), size)
    held = 2 * free + CHUNK_BYTES + FRAME_COST
    assert sum(consumed) == held
    for number in range(2):
        want(inbox, ("m", number), [])
    fill(inbox, ("m", 3), size)
    assert sum(consumed) == held + free


def test_messages_of_one_key_come_in_their_order(inbox):
    got = []
    for content in (b"1", b"2"):
        inbox.start(("m", 0), 1, memoryview(content))
    want(inbox, ("m", 0), got)
    want(inbox, ("m", 0), got)
    assert got == [(b"1", ""), (b"2", "")]


def test_a_message_is_given_to_one_who_waits_and_the_next_is_kept(inbox):
    got = []
    want(inbox, ("m", 0), got)
    for content in (b"", b"2"):
        inbox.start(("m", 0), len(content), memoryview(content))
    assert got == [(b"", "")]
    assert not inbox.has_waits
    assert want(inbox, ("m", 0), got)


@pytest.mark.parametrize("size", [-1, MAX_MESSAGE_BYTES + 1])
def test_an_impossible_size_is_refused(inbox, size):
    with pytest.raises(StreamError):
        inbox.start(("m", 0), size, memoryview(b""))


def test_a_message_of_the_largest_size_may_begin(inbox):
    inbox.start(("m", 0), MAX_MESSAGE_BYTES, memoryview(b"x"))


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
    want(inbox, ("e", 0), [])
    inbox.close()
    assert not inbox.has_waits
    assert sum(consumed) == 10 + 3 * CHUNK_BYTES + 4 * FRAME_COST
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
