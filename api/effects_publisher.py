"""Passes on what a commit has caused: nudges, news of changed jobs, stops. The writer never waits for it."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Final

import structlog

from api.changes import ChangeFeed, SendStop
from scheduler.queues.nudge import Nudger
from scheduler.store.effects import Effects, Stop

log: Final = structlog.get_logger()

GATHER_S: Final = 0.005
"""What a crowd of commits causes goes out together, no more often than this; what comes alone goes at once."""


class EffectsPublisher:
    """Coalesces what many commits cause; a slow broker delays only its own news."""

    def __init__(self, nudger: Nudger, feed: ChangeFeed, *, send_stop: SendStop, sender: str) -> None:
        self._nudger = nudger
        self._feed = feed
        self._send_stop = send_stop
        self._sender = sender
        self._lock = threading.Lock()
        self._has_work = False
        self._jobs: set[str] = set()
        self._wake = threading.Event()
        self._ready = threading.Event()
        self._closed = threading.Event()
        self._stopping: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="effects-publisher", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin; call it in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self) -> None:
        """Pass on what is left."""
        self._closed.set()
        self._ready.set()
        self._wake.set()
        if self._loop is not None:
            await asyncio.to_thread(self._thread.join)
        self._nudger.close()

    def publish(self, effects: Effects) -> None:
        """Take in what a commit has caused; may be called from any thread."""
        if effects.has_ready_work or effects.changed_jobs:
            with self._lock:
                self._has_work = self._has_work or effects.has_ready_work
                self._jobs |= effects.changed_jobs
            # To set what is set already takes its lock all the same, and the thread wants it.
            if effects.has_ready_work and not self._ready.is_set():
                self._ready.set()
            if not self._wake.is_set():
                self._wake.set()
        if self._loop is not None and (effects.stops or not self._feed.is_idle):
            self._loop.call_soon_threadsafe(self._tell_loop, set(effects.changed_jobs), list(effects.stops))

    def _tell_loop(self, jobs: set[str], stops: Sequence[Stop]) -> None:
        self._feed.tell(jobs)
        if stops and self._loop is not None:
            task = self._loop.create_task(self._stop_all(stops))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

    async def _stop_all(self, stops: Sequence[Stop]) -> None:
        for party, task, seq, kind in stops:
            await self._send_stop(party, task, seq, kind)

    def _run(self) -> None:
        while not self._closed.is_set() or self._wake.is_set():
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                has_work, jobs = self._has_work, self._jobs
                self._has_work, self._jobs = False, set()
                self._ready.clear()
            if has_work:
                self._nudger.nudge()
            if jobs:
                self._nudger.tell_changes(jobs, self._sender)
            # A crowd's news are gathered; but work that gets ready just after some other news waits for nothing.
            (self._closed if has_work else self._ready).wait(GATHER_S)
