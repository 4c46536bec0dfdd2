"""Removes jobs that ended long ago, in small batches, so that nothing else waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from config.settings import Settings
from scheduler.service.attachments import UNATTACHED
from scheduler.store.hot.dispatch import lock_jobs
from scheduler.store.queries.old_jobs import START, Place, list_needed_jobs, list_old_jobs, list_read_jobs
from scheduler.store.tx import Tx
from scheduler.store.writes.attachments import delete_unattached
from scheduler.store.writes.removal import delete_jobs, shrink_job

log: Final = structlog.get_logger()

BATCH_JOBS: Final = 16
BATCH_ROWS: Final = 1000
"""Points and events of one batch; a job with more is emptied over several."""
DAY_S: Final = 86_400.0
AGAIN: Final = timedelta(minutes=10)
"""After a look through all old jobs comes a pause, at most so long and at most a tenth of what is kept."""


@dataclass(slots=True)
class Retention:
    """How long ended jobs are kept, in seconds (0: for ever), and where the present look through them stands."""

    keep_s: float = 0.0
    batch_jobs: int = BATCH_JOBS
    batch_rows: int = BATCH_ROWS
    place: Place = START
    next_look: datetime | None = None
    removed: int = 0

    def is_due(self, now: datetime) -> bool:
        """Whether there may be something to remove."""
        return self.keep_s > 0 and (self.next_look is None or self.next_look <= now)

    def remove_some(self, tx: Tx, *, now: datetime) -> int:
        """Remove one batch; how many jobs. What a model or an open job needs stays, as does what others move."""
        before = now - timedelta(seconds=self.keep_s)
        old = list_old_jobs(tx, before=before, after=self.place, limit=self.batch_jobs)
        names = [job for job, _ in old]
        free = _list_unneeded(tx, names) if names else set()
        empty, place = self._empty(tx, old, free)
        if empty:
            delete_jobs(tx, empty)
        self.place, self.removed = place, self.removed + len(empty)
        if len(old) < self.batch_jobs and (not old or place == old[-1][1]):
            self._end_look(tx, now)
        return len(empty)

    def _empty(self, tx: Tx, old: Sequence[tuple[str, Place]], free: set[str]) -> tuple[list[str], Place]:
        """The jobs of which nothing but themselves is left, and the place of the last that was dealt with."""
        place, room, done = self.place, self.batch_rows, []
        for job, at in old:
            if job in free:
                room -= shrink_job(tx, job, rows=room)
                if room <= 0:
                    break
                done.append(job)
            place = at
        return done, place

    def _end_look(self, tx: Tx, now: datetime) -> None:
        delete_unattached(tx, older_than=now - UNATTACHED)
        if self.removed:
            log.info("old_jobs_removed", count=self.removed, older_than_s=self.keep_s)
        pause = min(AGAIN, timedelta(seconds=self.keep_s / 10))
        self.place, self.removed, self.next_look = START, 0, now + pause


def retention_from(settings: Settings) -> Retention:
    """What an operator set."""
    return Retention(keep_s=settings.retention_days * DAY_S)


def _list_unneeded(tx: Tx, jobs: Sequence[str]) -> set[str]:
    """Those of the jobs that nobody moves at the moment, and whose outputs neither a model nor an open job needs."""
    locked = lock_jobs(tx, jobs)
    return locked - list_read_jobs(tx, locked) - list_needed_jobs(tx, locked)
