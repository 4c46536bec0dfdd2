"""The exchange of one party: the runner calls it from any thread, the channel feeds it on its event loop."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from scheduler.domain.frames import pack, read_task, read_text
from scheduler.domain.messages import Assignment
from workers.exchange.endpoint import Endpoint, find_stale
from workers.exchange.identity import Identity, Pins
from workers.exchange.inbox import Wait
from workers.exchange.liveness import Patience
from workers.exchange.pair import Setting
from workers.exchange.port import Bytes, Letter, OnMessage, OnSent

log = structlog.get_logger()

TICK_S: Final = 0.25
REMEMBERED_TASKS: Final = 512
"""So many ended tasks are remembered, to tell late askers how they ended."""

_STOPPED: Final = "the worker stops"
_NOT_OPEN: Final = "the task is not open for exchange"


class ChannelPort(Protocol):
    """What the exchange needs of the party channel."""

    @property
    def is_connected(self) -> bool:
        """Whether frames have a way out now."""
        ...

    def is_writable(self) -> bool:
        """Whether little enough waits to be sent."""
        ...

    def write(self, frame: bytes) -> None:
        """Send a frame, or lose it where there is no connection."""


class LoopWire:
    """A channel and its event loop, as pairs see them."""

    def __init__(self, channel: ChannelPort, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._loop = loop
        self.write = channel.write
        self.is_writable = channel.is_writable
        self.now = loop.time

    @property
    def is_connected(self) -> bool:
        """Whether frames have a way out now."""
        return self._channel.is_connected

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Call `action` on the loop."""
        self._loop.call_later(delay_s, action)


class Exchange:
    """`ExchangePort` over a party channel; callbacks come on the channel's event loop and must not block.

    `folder` is for spilled messages; whoever makes the exchange empties it first.
    """

    def __init__(
        self,
        channel: ChannelPort,
        loop: asyncio.AbstractEventLoop,
        *,
        identity: Identity,
        pins: Pins,
        folder: Path,
        patience: Patience | None = None,
    ) -> None:
        self._loop = loop
        self._pins = pins
        self._channel = channel
        self._patience = patience or Patience()
        self._setting = Setting(identity=identity, wire=LoopWire(channel, loop), folder=folder, patience=self._patience)
        self._endpoints: dict[str, Endpoint] = {}
        self._ticking = False

    # Called from any thread

    def open(self, assignment: Assignment) -> None:
        """See `ExchangePort.open`."""
        self._post(lambda: self._open(assignment))

    def send(self, task: str, seq: int, letter: Letter, payload: Bytes, *, on_done: OnSent) -> None:
        """See `ExchangePort.send`."""
        if not self._post(lambda: self._send(self._find((task, seq)), letter, payload, on_done)):
            on_done(_STOPPED)

    def recv(self, task: str, seq: int, letter: Letter, *, timeout_s: float | None, on_message: OnMessage) -> None:
        """See `ExchangePort.recv`; `timeout_s` None means the default of `Patience`."""
        timeout_s = self._patience.recv_timeout_s if timeout_s is None else timeout_s
        if not self._post(lambda: self._recv(self._find((task, seq)), letter, timeout_s, on_message)):
            on_message(b"", _STOPPED)

    def close(self, task: str, seq: int, outcome: str) -> None:
        """See `ExchangePort.close`."""
        self._post(lambda: self._close((task, seq), outcome))

    def _post(self, action: Callable[[], None]) -> bool:
        """Run `action` on the loop; False where the worker stops and the loop has ended."""
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            return False
        return True

    # On the loop

    def _open(self, assignment: Assignment) -> None:
        former = self._endpoints.get(assignment.task)
        if former is not None:
            if former.seq >= assignment.seq:
                return
            former.discard()
        self._endpoints[assignment.task] = Endpoint(assignment, self._setting, self._pins)

    def _send(self, endpoint: Endpoint | None, letter: Letter, payload: Bytes, on_done: OnSent) -> None:
        if endpoint is None:
            on_done(_NOT_OPEN)
            return
        endpoint.send(letter.peer, (letter.name, letter.round), payload, on_done)
        self._tick_soon()

    def _recv(self, endpoint: Endpoint | None, letter: Letter, timeout_s: float, on_message: OnMessage) -> None:
        if endpoint is None:
            on_message(b"", _NOT_OPEN)
            return
        now = self._loop.time()
        key = letter.name, letter.round
        endpoint.recv(letter.peer, Wait(key=key, on_message=on_message, since=now, deadline=now + timeout_s))
        self._tick_soon()

    def _close(self, attempt: tuple[str, int], outcome: str) -> None:
        endpoint = self._find(attempt)
        if endpoint is not None and endpoint.is_open:
            endpoint.close(outcome)
            self._tick_soon()

    def _find(self, attempt: tuple[str, int]) -> Endpoint | None:
        endpoint = self._endpoints.get(attempt[0])
        return endpoint if endpoint is not None and endpoint.seq == attempt[1] else None

    def on_frame(self, header: dict[str, Any], payload: memoryview) -> None:
        """An exchange frame came for a task here; FrameError where it is addressed to nobody."""
        src, dst = read_task(header, "src"), read_task(header, "dst")
        endpoint = self._endpoints.get(dst)
        if endpoint is not None:
            endpoint.on_frame(header, payload)
            self._tick_soon()
        elif str(header.get("k")) in {"hs", "c"}:
            # Only questions are answered, so that a burst of pieces does not make a burst of refusals.
            self._channel.write(pack({"t": "xfer", "src": dst, "dst": src, "k": "none"}))

    def on_gone(self, header: dict[str, Any]) -> None:
        """The relay did not deliver a frame of ours."""
        endpoint = self._endpoints.get(read_task(header, "src"))
        if endpoint is not None:
            endpoint.on_gone(read_task(header, "dst"), read_text(header, "code"), read_text(header, "reason")[:400])

    def on_connected(self) -> None:
        """The channel is (again) connected."""
        for endpoint in list(self._endpoints.values()):
            endpoint.on_connected()

    def on_writable(self) -> None:
        """The channel takes more."""
        for endpoint in list(self._endpoints.values()):
            if endpoint.is_busy:
                endpoint.pump()

    def _tick_soon(self) -> None:
        """While anything is under way, look at the clock a few times a second; an idle worker sleeps."""
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        now = self._loop.time()
        busy = [endpoint for endpoint in self._endpoints.values() if endpoint.is_busy]
        for endpoint in busy:
            endpoint.tick(now)
        for endpoint in find_stale(self._endpoints.values(), now, keep=REMEMBERED_TASKS):
            endpoint.discard()
            self._endpoints.pop(endpoint.task, None)
        if busy:
            self._tick_soon()
