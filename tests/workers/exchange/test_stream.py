import json

import pytest

from scheduler.domain.frames import CHUNK_BYTES, WINDOW_BYTES
from workers.exchange.stream import FRAME_COST, Inbound, Outbound, Outgoing, StreamError, parse_start


class Peer:
    """Records what is sent."""

    def __init__(self):
        self.frames = []
        self.done = []
        self.out = Outbound(lambda number, plain: (number, plain), self.frames.append)

    def put(self, name, size, *, is_fin=False):
        self.queue(name, size, is_fin=is_fin)
        self.out.pump(lambda: True)

    def queue(self, name, size, *, is_fin=False):
        self.out.put(
            Outgoing(
                name=name,
                round=0,
                payload=memoryview(bytes(size)),
                on_done=lambda why: self.done.append((name, why)),
                is_fin=is_fin,
            )
        )


def test_a_message_is_cut_into_chunks_that_say_its_size():
    peer = Peer()
    peer.put("m", 2 * CHUNK_BYTES + 5)
    assert [number for number, _ in peer.frames] == [1, 2, 3]
    name, number, size, piece = parse_start(peer.frames[0][1])
    assert (name, number, size, len(piece)) == ("m", 0, 2 * CHUNK_BYTES + 5, CHUNK_BYTES)
    assert len(peer.frames[2][1]) == 1 + 5


def test_no_empty_frame_follows_a_message_of_whole_chunks():
    peer = Peer()
    peer.put("m", 2 * CHUNK_BYTES)
    assert len(peer.frames) == peer.out.frames == 2


@pytest.mark.parametrize(
    ("sizes", "fitting"),
    [
        ((WINDOW_BYTES - 8 * FRAME_COST,), 1),
        ((WINDOW_BYTES - 8 * FRAME_COST, 0), 1),
        ((1, WINDOW_BYTES), 1),
        ((0, 0), 2),
    ],
)
def test_a_sender_is_answered_as_soon_as_its_message_is_within_the_window(sizes, fitting):
    peer = Peer()
    for number, size in enumerate(sizes):
        peer.queue(number, size)
    assert peer.done == [(number, "") for number in range(fitting)]
    peer.out.pump(lambda: True)
    assert len(peer.done) == fitting
    peer.out.acknowledge(peer.out.frames, WINDOW_BYTES + min(sum(sizes), CHUNK_BYTES))
    assert peer.done == [(number, "") for number in range(len(sizes))]


def test_an_acknowledgement_is_news_if_it_frees_frames_or_gives_room():
    peer = Peer()
    for name in "ab":
        peer.put(name, CHUNK_BYTES)
    assert peer.out.acknowledge(1, WINDOW_BYTES)
    assert not peer.out.acknowledge(1, WINDOW_BYTES)
    assert peer.out.acknowledge(1, WINDOW_BYTES + 1)
    assert peer.out.acknowledge(2, WINDOW_BYTES)


def test_what_it_waits_for_is_told():
    peer = Peer()
    assert (peer.out.is_untouched, peer.out.is_idle) == (True, True)
    assert not peer.out.is_blocked
    assert not peer.out.is_waiting_for_room
    peer.put("big", 2 * WINDOW_BYTES)
    assert (peer.out.is_untouched, peer.out.is_idle) == (False, False)
    assert (peer.out.is_blocked, peer.out.is_waiting_for_room) == (False, True)
    peer.out.acknowledge(peer.out.frames, WINDOW_BYTES)
    assert (peer.out.is_blocked, peer.out.is_idle) == (True, False)
    peer.out.acknowledge(peer.out.frames, WINDOW_BYTES + CHUNK_BYTES)
    assert (peer.out.is_blocked, peer.out.is_waiting_for_room) == (False, False)
    peer.out.drop_queue("over", is_final=True)
    assert peer.out.is_idle


def test_what_is_dropped_before_it_was_begun_takes_no_room_and_what_was_begun_is_sent_to_its_end():
    peer = Peer()
    for name in ("begun", "dropped"):
        peer.put(name, WINDOW_BYTES)
    peer.out.drop_queue("over")
    assert peer.done == [("begun", "over"), ("dropped", "over")]
    peer.queue("next", 0)
    peer.out.acknowledge(peer.out.frames, WINDOW_BYTES + 9 * FRAME_COST)
    assert peer.done[2:] == [("next", "")]
    peer.out.pump(lambda: True)
    assert sum(len(plain) - 1 for _, plain in peer.frames[1:8]) == WINDOW_BYTES - CHUNK_BYTES
    assert peer.out.frames == 9


def test_after_a_forget_nothing_waits_or_is_sent_again():
    peer = Peer()
    peer.put("m", 2 * WINDOW_BYTES)
    peer.out.forget()
    peer.out.rewind()
    peer.out.pump(lambda: True)
    assert peer.out.is_idle
    assert len(peer.frames) == peer.out.frames


def test_the_window_bounds_what_is_sent_and_room_lets_it_go_on():
    peer = Peer()
    peer.put("big", 3 * WINDOW_BYTES)
    sent = len(peer.frames)
    assert sent == WINDOW_BYTES // (CHUNK_BYTES + FRAME_COST)
    assert peer.done == []
    peer.out.acknowledge(sent, WINDOW_BYTES)  # kept by the peer: no room
    peer.out.pump(lambda: True)
    assert len(peer.frames) == sent
    assert peer.out.is_blocked
    peer.out.acknowledge(sent, WINDOW_BYTES + 2 * CHUNK_BYTES)
    peer.out.pump(lambda: True)
    assert len(peer.frames) > sent


def test_tiny_messages_count_too():
    peer = Peer()
    for number in range(WINDOW_BYTES // FRAME_COST + 10):
        peer.put(f"{number}", 0)
    assert len(peer.frames) == WINDOW_BYTES // FRAME_COST
    assert len(peer.done) == len(peer.frames)


def test_a_rewind_sends_exactly_what_is_not_acknowledged():
    peer = Peer()
    for name in "abcd":
        peer.put(name, 10)
    peer.out.acknowledge(2, WINDOW_BYTES)
    peer.out.rewind()
    peer.out.pump(lambda: True)
    assert [number for number, _ in peer.frames] == [1, 2, 3, 4, 3, 4]


def test_an_end_passes_a_full_window():
    peer = Peer()
    for number in range(9):
        peer.put(str(number), CHUNK_BYTES)
    peer.out.drop_queue("over", is_final=True)
    peer.put("", 0, is_fin=True)
    assert peer.frames[-1][1] == b"F"
    assert ("7", "over") in peer.done


@pytest.mark.parametrize(("number", "limit"), [(2, WINDOW_BYTES), (1, 1 << 50)])
def test_an_acknowledgement_of_what_was_never_sent_is_refused(number, limit):
    peer = Peer()
    peer.put("m", 10)
    with pytest.raises(StreamError):
        peer.out.acknowledge(number, limit)


def test_the_receiver_takes_frames_in_order_only():
    inbound = Inbound()
    assert not inbound.is_report_urgent
    assert inbound.is_next(1)
    assert inbound.is_ahead(2)
    inbound.take()
    assert not inbound.is_next(1)
    assert [inbound.is_ahead(number) for number in (1, 2, 3)] == [False, False, True]
    assert inbound.report() == {"a": 1, "l": WINDOW_BYTES}
    inbound.consume(CHUNK_BYTES)
    assert inbound.is_report_urgent
    assert inbound.report()["l"] == WINDOW_BYTES + CHUNK_BYTES
    assert not inbound.is_report_urgent


@pytest.mark.parametrize("plain", [b"M", b"M\0\0\0\xff{}", b"M\0\0\0\x02{}", b'M\0\0\0\x09["a","b"]', b"M\0\0\0\x015"])
def test_a_head_that_cannot_be_read_is_refused(plain):
    with pytest.raises(StreamError):
        parse_start(plain)


@pytest.mark.parametrize("head", [[1, 0, 0], ["m", "0", 0], ["m", 0, 0.5], ["m", 0, None]])
def test_a_head_with_wrong_types_is_refused(head):
    text = json.dumps(head).encode()
    with pytest.raises(StreamError, match="types"):
        parse_start(b"M" + len(text).to_bytes(4) + text)
