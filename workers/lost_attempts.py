"""What a worker's former life left to be told: reports that it wrote, and attempts that it left without one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from scheduler.domain.messages import LOG_TAIL_BYTES, Report
from workers.journal import Journal
from workers.spool import Key, Record, Spool
from workers.workdir import Workdir

log = structlog.get_logger(__name__)

ALL_TAILS_BYTES: Final = 1 << 20
"""The ends of all logs together are no longer: they travel in one call."""


def recover_reports(workdir: Workdir, *, spool: Spool, journal: Journal) -> list[Record]:
    """What the spool holds, and a report for every attempt that the former life left without one."""
    spooled = spool.load()
    known = {record.key for record in spooled}
    left = journal.leftovers()
    entries = [entry for entry in left if entry.key not in known]
    for entry in entries:  # first, since a further life has nothing to do with what is in the spool
        # One that had no process wrote nothing, at most got its folder; it may repeat one that ended well long ago.
        if entry.pid or not workdir.has_outputs(*entry.key):
            workdir.drop_outputs(*entry.key)
    lost = make_lost_records(workdir, [entry.key for entry in entries])
    if lost:
        log.warning("attempts_lost", tasks=[record.report.task for record in lost])
        spool.write(lost)
    journal.end(entry.key for entry in left)
    return [*spooled, *lost]


def make_lost_records(workdir: Workdir, keys: Sequence[Key]) -> list[Record]:
    """One record each: this worker died while it held the task; with the end of the task's log."""
    room = min(LOG_TAIL_BYTES, ALL_TAILS_BYTES // max(1, len(keys)))
    return [_make_lost_record(workdir.log(*key), *key, room=room) for key in keys]


def _make_lost_record(log: Path, task: str, seq: int, *, room: int) -> Record:
    size, tail = _read_end(log, room)
    return Record(
        report=Report(
            task=task,
            seq=seq,
            outcome="failed",
            kind="lost",
            message="the party's worker was restarted while the task ran",
            detail=tail,
            log_size=size,
            worker_died=True,
        )
    )


def _read_end(log: Path, room: int) -> tuple[int, str]:
    """How long the log is, and its last `room` bytes as text; nothing where the task wrote none."""
    if not log.exists():
        return 0, ""
    with log.open("rb") as file:
        size = log.stat().st_size
        file.seek(max(0, size - room))
        return size, file.read(room).decode(errors="replace")
