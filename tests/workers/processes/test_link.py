import socket
import threading

import pytest

from workers.processes.link import LENGTHS, BlockingLink, FrameReader, LinkClosedError, LinkError, pack_head


@pytest.fixture
def ends():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_frames_of_all_sizes_arrive_in_order(ends):
    left, right = map(BlockingLink, ends)
    payloads = [b"", b"x", bytes(3 << 20), b"y" * 70_000, b""]

    def send() -> None:
        for number, payload in enumerate(payloads):
            left.send({"n": number}, payload[:1], payload[1:])

    sender = threading.Thread(target=send)
    sender.start()
    got = [right.recv() for _ in payloads]
    sender.join()
    assert [header["n"] for header, _ in got] == list(range(5))
    assert [bytes(payload) for _, payload in got] == payloads


def test_a_stream_cut_at_every_byte_gives_the_same_frames(ends):
    left, right = ends
    stream = pack_head({"a": 1}, 3) + b"abc" + pack_head({"b": 2}) + pack_head({"c": 3}, 1) + b"z"
    reader, frames = FrameReader(), []
    for position in range(len(stream)):
        left.send(stream[position : position + 1])
        frames += reader.fill(right)
    assert frames == [({"a": 1}, b"abc"), ({"b": 2}, b""), ({"c": 3}, b"z")]


def test_the_end_and_a_broken_end_are_told(ends):
    left, right = ends
    left.send(pack_head({}, 10) + b"only")
    left.close()
    link = BlockingLink(right)
    with pytest.raises(LinkClosedError):
        link.recv()
    with pytest.raises(LinkClosedError):
        link.send({"x": 1}, bytes(1 << 20))


def read_all(reader, source):
    for _ in range(10):
        reader.fill(source)


@pytest.mark.parametrize(
    "stream",
    [
        LENGTHS.pack(1 << 31, 0),
        LENGTHS.pack(2, (1 << 31)) + b"{}",
        LENGTHS.pack(2, 0) + b"[]",
        LENGTHS.pack(3, 0) + b"\xff\xff\xff",
        LENGTHS.pack(200_000, 0) + b"[" * 200_000,
    ],
)
def test_nonsense_is_refused(ends, stream):
    left, right = ends
    left.sendall(stream)
    reader = FrameReader()
    with pytest.raises(LinkError):
        read_all(reader, right)


def test_a_payload_that_is_too_large_is_refused_before_it_is_sent():
    with pytest.raises(LinkError, match="1024 MiB"):
        pack_head({}, (1 << 30) + 1)


def test_a_header_that_is_too_large_is_refused_by_its_own_limit():
    with pytest.raises(LinkError, match="a summary may have at most 16 MiB of JSON"):
        pack_head({"t": "summary", "values": "x" * (16 << 20)})
