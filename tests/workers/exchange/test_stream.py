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
        self.out.put(
            Outgoing(
                name=name,
                round=0,
                payload=memoryview(bytes(size)),
                on_done=lambda why: self.done.append((name, why)),
                is_fin=is_fin,
            )
        )
        self.out.pump(lambda: True)


def test_a_message_is_cut_into_chunks_that_say_its_size():
    peer = Peer()
    peer.put("m", 2 * CHUNK_BYTES + 5)
    assert [number for number, _ in peer.frames] == [1, 2, 3]
    name, number, size, piece = parse_start(peer.frames[0][1])
    assert (name, number, size, len(piece)) == ("m", 0, 2 * CHUNK_BYTES + 5, CHUNK_BYTES)
    assert len(peer.frames[2][1]) == 1 + 5


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
    assert inbound.is_next(1)
    assert inbound.is_ahead(2)
    inbound.take()
    assert not inbound.is_next(1)
    assert not inbound.is_ahead(1)
    assert inbound.report() == {"a": 1, "l": WINDOW_BYTES}
    inbound.consume(CHUNK_BYTES)
    assert inbound.is_report_urgent
    assert inbound.report()["l"] == WINDOW_BYTES + CHUNK_BYTES
    assert not inbound.is_report_urgent


@pytest.mark.parametrize("plain", [b"M", b"M\0\0\0\xff{}", b"M\0\0\0\x02{}", b'M\0\0\0\x09["a","b"]'])
def test_a_head_that_cannot_be_read_is_refused(plain):
    with pytest.raises(StreamError):
        parse_start(plain)
