"""The scheduler's loop: passes whenever nudged, a sweep every second as the safety net."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import redis
import structlog

from scheduler.queues.knock import publish_knocks
from scheduler.queues.names import SCHEDULER
from scheduler.queues.notices import render_notice
from scheduler.service.advance import (
    MAX_SETTLED,
    Pass,
    Place,
    dispatch_ready,
    explain_ready,
    list_due,
    redispatch_expired,
    settle_jobs,
)
from scheduler.service.limits import Patience
from scheduler.service.retention import Retention
from scheduler.store.effects import Effects
from scheduler.store.failures import describe, is_away
from scheduler.store.hot.dispatch import Rank
from scheduler.store.session import Store
from scheduler.store.tx import Tx

log: Final = structlog.get_logger()

THOROUGH_EVERY: Final = 10
REMOVALS: Final = 4
"""Batches of old jobs that go with one sweep at most."""
GATHER_S: Final = 0.002
GATHER_TASK_S: Final = 0.001
GATHER_MOST_S: Final = 0.04
"""Passes begin at least GATHER_S after each other, and later by so much for each task that was just given out."""


class Loop:
    """Runs passes in the thread that calls `run`; `nudge` and `stop` may be called from any thread."""

    def __init__(
        self,
        store: Store,
        broker: redis.Redis,
        *,
        patience: Patience,
        sweep_s: float,
        retention: Retention | None = None,
    ) -> None:
        self._store = store
        self._broker = broker
        self._patience = patience
        self._sweep_s = sweep_s
        self._retention = retention or Retention()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._sweeps = 0
        self._passes = 0
        self._next_pass = 0.0
        self._place: Place | None = None
        self._explained: Rank | None = None

    def count_passes(self) -> int:
        """How many passes went well; one that hangs or fails is not counted."""
        return self._passes

    def nudge(self) -> None:
        """Ask for a pass; many asks before it begins are one."""
        self._wake.set()

    def stop(self) -> None:
        """End `run` after the present pass."""
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        """Pass after pass until stopped; a failed one is logged and followed by the next."""
        next_sweep = 0.0
        while not self._stopped.is_set():
            self._wake.wait(timeout=max(0.0, next_sweep - time.monotonic()))
            # The first nudge is answered at once; those of a crowd are gathered, and parties hold work ahead.
            self._stopped.wait(max(0.0, self._next_pass - time.monotonic()))
            self._wake.clear()
            is_sweep = time.monotonic() >= next_sweep
            if is_sweep:
                next_sweep = time.monotonic() + self._sweep_s
            parts = (self.sweep, self.dispatch, self.remove_old) if is_sweep else (self.dispatch,)
            # All of them, come what may: a sweep that fails each time must not keep work from starting.
            failed = [part for part in parts if not self._succeeds(part)]
            if failed:
                self._stopped.wait(self._sweep_s)

    def _succeeds(self, part: Callable[[], None]) -> bool:
        try:
            part()
        except Exception as failure:
            # A loop's top: whatever failed, the rows are as they were, and the next sweep tries again.
            if is_away(failure):
                log.warning("pass_put_off", error=describe(failure))
            else:
                log.exception("pass_failed")
            return False
        return True

    def dispatch(self) -> None:
        """One pass: start what may start."""
        began = time.monotonic()
        done = self._write(lambda tx, now: dispatch_ready(tx, now=now, patience=self._patience, place=self._place))
        self._place = done.place
        self._passes += 1
        given = sum(map(len, done.knocks.values()))
        self._next_pass = began + min(GATHER_MOST_S, GATHER_S + given * GATHER_TASK_S)
        if done.is_cut and done.knocks:
            self.nudge()

    def sweep(self) -> None:
        """Repair what time has broken: expired leases, pauses, deadlines that are over, lost knocks, stale reasons."""
        is_thorough = self._sweeps % THOROUGH_EVERY == 0
        self._sweeps += 1
        with self._store.read() as tx:
            due = list_due(tx, now=datetime.now(UTC), patience=self._patience, is_thorough=is_thorough)
        for first in range(0, len(due), MAX_SETTLED):
            self._settle(due[first : first + MAX_SETTLED])
            if self._stopped.is_set():
                return
            if self._wake.is_set():
                # Thousands may be due at once; who has just submitted does not wait for them.
                self._wake.clear()
                self.dispatch()
        self._write(lambda tx, now: redispatch_expired(tx, now=now, patience=self._patience))
        with self._store.write() as tx:
            at = datetime.now(UTC)
            self._explained = explain_ready(tx, now=at, patience=self._patience, after=self._explained)

    def remove_old(self) -> None:
        """Remove old jobs, batch after batch, as long as nothing else is to be done."""
        for _ in range(REMOVALS):
            if self._wake.is_set() or not self._retention.is_due(datetime.now(UTC)):
                return
            with self._store.write() as tx:
                self._retention.remove_some(tx, now=datetime.now(UTC))

    def _settle(self, jobs: Sequence[str]) -> None:
        def settle(tx: Tx, now: datetime) -> Pass:
            settle_jobs(tx, jobs, now=now, patience=self._patience)
            return Pass()

        self._write(settle)
        self._passes += 1

    def _write(self, use_case: Callable[[Tx, datetime], Pass]) -> Pass:
        with self._store.write() as tx:
            done = use_case(tx, datetime.now(UTC))
        self._tell(done, tx.effects)
        return done

    def _tell(self, done: Pass, effects: Effects) -> None:
        """Knock; let the gateways wake who watches, and stop what must not go on. A lease makes good what is lost."""
        has_news = effects.changed_jobs or effects.stops
        notice = render_notice(SCHEDULER, effects.changed_jobs, effects.stops) if has_news else ""
        if not (done.knocks or notice):
            return
        try:
            publish_knocks(self._broker, done.knocks, notice=notice)
        except redis.RedisError as failure:
            log.warning("knocks_lost", error=str(failure), parties=sorted(done.knocks))
