"""Answers that go on while something happens: what they read, and whether their caller may still have it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar

from aiohttp import web

from api.bridge import READS_WAITING, Reader
from api.routing import admit
from scheduler.domain.errors import BusyError
from scheduler.store.tx import Tx

Result = TypeVar("Result")

READS: Final = READS_WAITING // 8
"""So many streams read at once: a job's news wakes all that watch it, and other requests must not be refused for them."""
CHECK_S: Final = 10.0


class Streams:
    """The store as the gateway's streams read it: in turns."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._turns = asyncio.Semaphore(READS)

    async def read(self, query: Callable[[Tx], Result]) -> Result:
        """What `query` finds, once it is this stream's turn."""
        async with self._turns:
            return await self._reader.read(query)


STREAMS: Final = web.AppKey("streams", Streams)


class Standing:
    """Whether the caller's token is still good: a stream may outlive it by days."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._asked_at = time.monotonic()

    async def check(self) -> None:
        """UnauthenticatedError or ForbiddenError where it is not; asks now and then only."""
        if time.monotonic() - self._asked_at < CHECK_S:
            return
        self._asked_at = time.monotonic()
        try:
            await admit(self._request, "user")
        except BusyError:  # not known now; the next time tells
            return
