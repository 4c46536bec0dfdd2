"""The thread that holds the party's channel and exchange; the runner starts it after the zygote has forked."""

import asyncio
import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Final

import structlog

from workers.calls.serving import Op
from workers.channel import Channel, Orders
from workers.exchange.hub import Exchange
from workers.exchange.identity import Identity, Pins

log = structlog.get_logger(__name__)

STOP_TIMEOUT_S: Final = 5.0


class ChannelThread:
    """Channel and exchange of one worker, on an event loop in a thread of their own.

    `exchange` is an `ExchangePort` and may be used from any thread as soon as this object exists;
    `folder` is the party's folder: pinned keys lie in it, spilled messages below its `incoming`.
    """

    def __init__(
        self, url: str, token: str, *, orders: Orders, ops: Mapping[str, Op], identity: Identity, folder: Path
    ) -> None:
        self.on_error: Callable[[], object] = lambda: None
        """Called after an error that nobody foresaw: without its channel a worker is deaf, so it had better end."""
        self._loop = asyncio.new_event_loop()
        self.channel = Channel(url, token, orders=orders, ops=ops, tls=_make_tls(url))
        self.exchange = Exchange(
            self.channel, self._loop, identity=identity, pins=Pins(folder), folder=folder / "incoming" / "exchange"
        )
        self.channel.feed(self.exchange)
        self._task: asyncio.Task[None] | None = None
        self._thread = Thread(target=self._run, name="channel", daemon=True)

    def start(self) -> None:
        """Connect, and stay connected until `stop`."""
        self._thread.start()

    def wait_tried(self, timeout_s: float) -> None:
        """Return once the first attempt to connect has succeeded or failed, or after `timeout_s`."""
        self.channel.has_tried.wait(timeout_s)

    def stop(self) -> None:
        """Close the connection and end the thread."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(STOP_TIMEOUT_S)

    def reconnect(self) -> None:
        """End the connection and open another; from any thread."""
        asyncio.run_coroutine_threadsafe(self.channel.drop(), self._loop)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self.channel.run())
        is_told = False
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            is_told = True  # `stop` was called
        finally:
            self._loop.close()
            if not is_told:
                log.critical("channel_died", exc_info=sys.exc_info())
                self.on_error()


def _make_tls(url: str) -> ssl.SSLContext | None:
    return ssl.create_default_context() if url.startswith("wss:") else None
