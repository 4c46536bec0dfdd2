"""One party's WebSocket: a bounded queue of frames and the task that sends them."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web

from scheduler.domain.frames import CLOSE_TOO_SLOW, MAX_FRAME_BYTES, WINDOW_BYTES

log = structlog.get_logger()

SOURCE_BYTES: Final = WINDOW_BYTES + 2 * MAX_FRAME_BYTES
"""What one sending task may have waiting for this party: an honest one never has more than its window."""
QUEUE_BYTES: Final = 32 << 20
RESERVE_BYTES: Final = 8 << 20
"""Room beyond QUEUE_BYTES for the gateway's own frames."""
SEND_TIMEOUT_S: Final = 60.0


class Connection:
    """The channel of `party`; `put` never waits. `on_over` is told once that nothing goes through it any more."""

    def __init__(self, party: str, socket: web.WebSocketResponse) -> None:
        self.party = party
        self.serial = secrets.token_hex(4)
        self.callers: set[str] = set()
        """Other gateways that have called through this connection."""
        self.is_over = False
        self.on_over: Callable[[], None] = lambda: None
        self._socket = socket
        self._frames: deque[tuple[bytes, str]] = deque()
        self._waiting_bytes = 0
        self._by_source: dict[str, int] = {}
        self._wake = asyncio.Event()

    def put(self, frame: bytes, source: str = "") -> bool:
        """Queue `frame`; False where the queue is full or the connection over.

        `source` is the sending task of an exchange frame.
        """
        size = len(frame)
        room = QUEUE_BYTES if source else QUEUE_BYTES + RESERVE_BYTES
        if self.is_over or self._waiting_bytes + size > room:
            return False
        if source:
            if self._by_source.get(source, 0) + size > SOURCE_BYTES:
                return False
            self._by_source[source] = self._by_source.get(source, 0) + size
        self._waiting_bytes += size
        self._frames.append((frame, source))
        self._wake.set()
        return True

    async def run_writer(self) -> None:
        """Send what is queued until the connection ends."""
        try:
            while not self._socket.closed:
                while self._frames:
                    frame, source = self._frames.popleft()
                    if not await self._send(frame):
                        return
                    self._count_off(len(frame), source)
                self._wake.clear()
                await self._wake.wait()
        finally:
            self.end()

    async def _send(self, frame: bytes) -> bool:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send_bytes(frame)
        except TimeoutError:
            log.warning("channel_too_slow", party=self.party, waiting_bytes=self._waiting_bytes)
            await self.close(CLOSE_TOO_SLOW, "what was sent to this party was not taken in time")
            return False
        except ConnectionError:
            return False
        return True

    def _count_off(self, size: int, source: str) -> None:
        self._waiting_bytes -= size
        if source:
            left = self._by_source[source] - size
            if left:
                self._by_source[source] = left
            else:
                del self._by_source[source]

    def end(self) -> None:
        """Nothing goes through the connection any more, although its socket may take seconds to close."""
        if not self.is_over:
            self.is_over = True
            self._frames.clear()
            self.on_over()

    async def close(self, code: int, reason: str) -> None:
        """End the connection; the party reads `reason` in its log."""
        self.end()
        await self._socket.close(code=code, message=reason.encode()[:120])
