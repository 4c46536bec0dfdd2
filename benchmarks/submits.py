"""Submits by the thousand: prepared requests over plain connections, at next to no cost of their own.

A load generator on the machine that it measures takes its share of the processors: aiohttp's client takes as much for a
request as half of the gateway's work on it.
"""

import asyncio
from urllib.parse import urlsplit

from benchmarks.system import System


class Line(asyncio.Protocol):
    """A kept connection; one request is under way at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A piece of an answer; all answers here say how long they are."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or self._answer is None:
            return
        size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= size:
            self._received.clear()
            self._answer.set_result(bytes(head[9:12] + body))

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing comes any more."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the gateway hung up"))

    async def post(self, request: bytes) -> None:
        """Send a request and read its answer; RuntimeError where that is no 201."""
        if self._transport is None or self._transport.is_closing():
            raise RuntimeError("there is no connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        answer = await self._answer
        if answer[:3] != b"201":
            raise RuntimeError(f"submit answered {answer.decode(errors='replace')}")

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


async def submit_all(system: System, document: bytes, jobs: int, *, connections: int) -> None:
    """Submit one document so many times over so many connections, each with one submit under way."""
    address = urlsplit(system.url).netloc
    host, _, port = address.partition(":")
    said = {"Host": address, "Content-Type": "application/json", "Content-Length": str(len(document))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in (said | system.headers).items())
    request = f"POST /fedrota/v1/jobs HTTP/1.1\r\n{lines}\r\n".encode() + document
    rest = iter(range(jobs))

    async def submit_some() -> None:
        _, line = await asyncio.get_running_loop().create_connection(Line, host, int(port))
        for _ in rest:
            await line.post(request)
        line.close()

    await asyncio.gather(*(submit_some() for _ in range(connections)))
