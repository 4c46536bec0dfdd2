import asyncio

import pytest

from api.agent import connection as module
from api.agent.connection import QUEUE_BYTES, RESERVE_BYTES, SOURCE_BYTES, Connection
from scheduler.domain.frames import CLOSE_TOO_SLOW, MAX_FRAME_BYTES
from tests.party_channel import until


class Socket:
    """A WebSocket whose other end may stop reading."""

    def __init__(self):
        self.closed = False
        self.sent = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.close_code = None

    async def send_bytes(self, frame):
        await self.reads.wait()
        self.sent.append(frame)

    async def close(self, *, code, message):
        self.closed, self.close_code = True, code


@pytest.fixture
async def line():
    socket = Socket()
    connection = Connection("9999", socket)
    task = asyncio.create_task(connection.run_writer())
    yield connection, socket
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_frames_go_out_in_order(line):
    connection, socket = line
    for number in range(5):
        assert connection.put(bytes([number]), "t")
    await until(lambda: len(socket.sent) == 5)
    assert socket.sent == [bytes([number]) for number in range(5)]
    assert connection._by_source == {}


async def test_one_source_cannot_take_the_whole_queue(line):
    connection, socket = line
    socket.reads.clear()
    frame = bytes(MAX_FRAME_BYTES)
    taken = sum(connection.put(frame, "greedy") for _ in range(100))
    assert taken == SOURCE_BYTES // MAX_FRAME_BYTES
    assert connection.put(frame, "modest")


async def test_many_sources_are_bounded_together_and_the_gateway_keeps_a_reserve(line):
    connection, socket = line
    socket.reads.clear()
    frame = bytes(MAX_FRAME_BYTES)
    taken = sum(connection.put(frame, f"task{number}") for number in range(100))
    assert taken == QUEUE_BYTES // MAX_FRAME_BYTES
    own = sum(connection.put(frame) for _ in range(100))
    assert own == (QUEUE_BYTES + RESERVE_BYTES) // MAX_FRAME_BYTES - taken
    socket.reads.set()
    await until(lambda: connection._waiting_bytes == 0)
    assert connection.put(frame, "task0")


async def test_a_party_that_takes_nothing_is_closed(line, monkeypatch):
    monkeypatch.setattr(module, "SEND_TIMEOUT_S", 0.05)
    connection, socket = line
    socket.reads.clear()
    connection.put(b"x")
    await until(lambda: socket.close_code == CLOSE_TOO_SLOW)


async def test_what_is_over_takes_nothing_and_says_so_once(line):
    connection, socket = line
    told = []
    connection.on_over = lambda: told.append(1)
    closing = asyncio.Event()
    socket.close = lambda **_: closing.wait()
    task = asyncio.create_task(connection.close(1000, "enough"))
    await asyncio.sleep(0)
    assert (connection.put(b"x"), told) == (False, [1])
    closing.set()
    await task
    connection.end()
    assert told == [1]


async def test_a_writer_that_breaks_off_ends_the_connection(line):
    connection, socket = line

    async def fail(_frame):
        raise ConnectionResetError

    socket.send_bytes = fail
    connection.put(b"x")
    await until(lambda: connection.is_over)
