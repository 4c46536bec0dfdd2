import asyncio
import errno
import socket

import pytest
from structlog.testing import capture_logs

from api.dialects.flare.listener import sockets
from api.dialects.flare.listener.sockets import accept, bind


async def test_connections_are_taken_one_by_one():
    (listening,) = await bind("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()) as first, socket.socket() as second:
        second.connect(listening.getsockname())
        for client in (first, second):
            with await accept(listening) as connection:
                assert connection.getpeername() == client.getsockname()
                assert not connection.getblocking()


async def test_a_host_of_several_addresses_is_bound_at_each(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", 0)) for last in (1, 2, 2)]

    async def resolve(*_words, **_more):
        return found

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    made = await bind("many.example", 0)
    assert [each.getsockname()[0] for each in made] == ["127.0.0.1", "127.0.0.2"]
    found.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", made[0].getsockname()[1])))
    with pytest.raises(OSError, match="[Aa]ddress already in use"):
        await bind("many.example", 0)
    for each in made:
        each.close()


async def test_without_a_file_for_it_a_connection_waits_and_the_log_says_why(monkeypatch):
    monkeypatch.setattr(sockets, "RETRY_S", 0.0)
    loop = asyncio.get_running_loop()
    real, refusals = loop.sock_accept, [OSError(errno.EMFILE, "Too many open files")]

    async def refuse_once(listening):
        if refusals:
            raise refusals.pop()
        return await real(listening)

    monkeypatch.setattr(loop, "sock_accept", refuse_once)
    (listening,) = await bind("127.0.0.1", 0)
    with (
        capture_logs() as said,
        listening,
        socket.create_connection(listening.getsockname()),
        await accept(listening) as connection,
    ):
        assert connection.fileno() > 0
    assert [line["reason"] for line in said] == ["[Errno 24] Too many open files"]
