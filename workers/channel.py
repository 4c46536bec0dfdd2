"""The party's one connection to the gateway: outbound WebSocket, connects again by itself, bounded both ways."""

import asyncio
import random
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from scheduler.domain.frames import (
    CLOSE_BAD_FRAME,
    CLOSE_REPLACED,
    MAX_FRAME_BYTES,
    FrameError,
    read_number,
    read_task,
    read_text,
    unpack,
)
from scheduler.domain.messages import CHANNEL_PATH, Knock
from workers.calls.serving import Calls, Op
from workers.knocks import KnockError, parse_knocks

log = structlog.get_logger()

HEARTBEAT_S: Final = 10.0
FIRST_PAUSE_S: Final = 0.1
LAST_PAUSE_S: Final = 10.0
REPLACED_PAUSE_S: Final = 30.0
HIGH_BYTES: Final = 2 << 20
LOW_BYTES: Final = 1 << 20
QUEUE_BYTES: Final = 128 << 20
"""Never reached by an honest exchange and gateway; beyond it frames are dropped."""


class Receiver(Protocol):
    """Takes exchange frames and news of the connection; everything on the channel's loop."""

    def on_frame(self, header: dict[str, Any], payload: memoryview) -> None:
        """An exchange frame; FrameError where it cannot be one."""

    def on_gone(self, header: dict[str, Any]) -> None:
        """A frame was not delivered."""

    def on_connected(self) -> None:
        """The channel is connected (again)."""

    def on_writable(self) -> None:
        """The channel takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the gateway may ask of the runner; called on the channel's loop, must not block."""

    knock: Callable[[list[Knock]], None]
    stop: Callable[[str, int, str], None]


class Channel:
    """The connection to `url` (see `make_url`), for as long as `run` runs."""

    def __init__(
        self, url: str, token: str, *, orders: Orders, ops: Mapping[str, Op], tls: ssl.SSLContext | None = None
    ) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._tls = tls
        self._orders = orders
        self._calls = Calls(ops, self.write)
        self._receiver: Receiver | None = None
        self._frames: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._connection: ClientConnection | None = None
        self._pause_s = FIRST_PAUSE_S
        self.has_tried = threading.Event()
        """Set once the first attempt to connect has come to something or to nothing."""

    def feed(self, receiver: Receiver) -> None:
        """Give exchange frames to `receiver`; before `run`."""
        self._receiver = receiver

    @property
    def is_connected(self) -> bool:
        """Whether frames have a way out now."""
        return self._connection is not None

    def is_writable(self) -> bool:
        """Whether little enough waits to be sent."""
        return self._connection is not None and self._waiting_bytes < HIGH_BYTES

    async def drop(self) -> None:
        """End the connection; `run` opens another one."""
        if self._connection is not None:
            await self._connection.close()

    def write(self, frame: bytes) -> None:
        """Queue `frame`, or lose it where there is no connection; on the loop only."""
        if self._connection is None or self._waiting_bytes + len(frame) > QUEUE_BYTES:
            return
        self._waiting_bytes += len(frame)
        self._frames.append(frame)
        self._wake.set()

    async def run(self) -> None:
        """Keep connected until cancelled."""
        try:
            while True:
                pause_s = await self._connect_once()
                await asyncio.sleep(pause_s)
        finally:
            self._calls.close()

    async def _connect_once(self) -> float:
        """One connection, from opening to its end; how long to wait before the next."""
        try:
            async with connect(
                self._url,
                additional_headers=self._headers,
                ssl=self._tls,
                compression=None,
                proxy=None,  # as the worker's calls: one of the environment may not reach the gateway, or be no HTTP one
                max_size=MAX_FRAME_BYTES,
                max_queue=8,
                open_timeout=10,
                close_timeout=2,
                ping_interval=HEARTBEAT_S,
                ping_timeout=HEARTBEAT_S,
            ) as connection:
                await self._serve(connection)
            return self._explain_close(connection)
        except InvalidStatus as wrong:
            status = wrong.response.status_code
            log.warning("channel_refused", status=status, hint=_hint(status), again_in_s=LAST_PAUSE_S)
            return LAST_PAUSE_S
        except (OSError, TimeoutError, WebSocketException) as wrong:
            log.warning(
                "channel_not_connected", error=str(wrong) or "no answer in time", again_in_s=round(self._pause_s, 1)
            )
        finally:
            self.has_tried.set()
        pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, LAST_PAUSE_S)
        return pause_s * random.uniform(0.5, 1.0)

    async def _serve(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._pause_s = FIRST_PAUSE_S
        self.has_tried.set()
        log.info("channel_connected")
        writer = asyncio.create_task(self._write_frames(connection))
        try:
            if self._receiver is not None:
                self._receiver.on_connected()
            await self._read_frames(connection)
        finally:
            self._connection = None
            self._frames.clear()
            self._waiting_bytes = 0
            self._calls.drop_all()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await connection.close()

    async def _read_frames(self, connection: ClientConnection) -> None:
        try:
            async for message in connection:
                self._take(message)
        except (FrameError, KnockError) as wrong:
            log.warning("channel_frame_refused", reason=str(wrong))
            await connection.close(CLOSE_BAD_FRAME, str(wrong)[:120])
        except ConnectionClosed:
            return  # the close code tells more, see _explain_close

    async def _write_frames(self, connection: ClientConnection) -> None:
        try:
            while True:
                while self._frames:
                    frame = self._frames.popleft()
                    await connection.send(frame)
                    self._waiting_bytes -= len(frame)
                    if self._waiting_bytes < LOW_BYTES <= self._waiting_bytes + len(frame) and self._receiver:
                        self._receiver.on_writable()
                self._wake.clear()
                await self._wake.wait()
        except ConnectionClosed:
            return

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, str):
            raise FrameError("a text message")
        header, payload = unpack(message)
        kind = header["t"]
        if kind in {"call", "chunk", "credit", "cancel"}:
            self._calls.on_frame(header, payload)
        elif kind == "xfer" and self._receiver is not None:
            self._receiver.on_frame(header, payload)
        elif kind == "gone" and self._receiver is not None:
            self._receiver.on_gone(header)
        elif kind == "knock":
            self._orders.knock(parse_knocks(header.get("tasks")))
        elif kind == "stop":
            self._orders.stop(read_task(header, "task"), read_number(header, "seq"), read_text(header, "kind"))
        else:
            log.warning("channel_frame_unknown", kind=kind[:40])

    def _explain_close(self, connection: ClientConnection) -> float:
        """Log why the connection ended; how long to wait before the next."""
        code, reason = connection.close_code, connection.close_reason
        if code == CLOSE_REPLACED:
            log.error(
                "channel_replaced",
                hint="another worker of this party has connected: stop one of them",
                again_in_s=REPLACED_PAUSE_S,
            )
            return REPLACED_PAUSE_S
        log.warning("channel_ended", code=code, reason=reason)
        return random.uniform(FIRST_PAUSE_S / 2, 2 * FIRST_PAUSE_S) if code != CLOSE_BAD_FRAME else LAST_PAUSE_S


def make_url(gateway_url: str, *, takes_knocks: bool, party: str = "") -> str:
    """The channel's ws:// or wss:// address at the gateway `gateway_url`; `party` is checked there, if given."""
    parts = urlsplit(gateway_url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    query = {**({"knocks": "1"} if takes_knocks else {}), **({"party": party} if party else {})}
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + CHANNEL_PATH, urlencode(query), ""))


def _hint(status: int) -> str:
    if status in {401, 403}:
        return "the gateway refuses the worker's token: is it a worker token of this party, not expired or revoked?"
    if status == 404:
        return "there is no party channel at this address: is gateway_url right?"
    return "the gateway does not open the party channel now"
