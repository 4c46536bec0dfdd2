"""The scheduler's pass: start what may start, repair what time has broken."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice, takewhile
from typing import Final

import structlog

from scheduler.domain.admission import Candidate, Kept, Room, admit, find_open
from scheduler.domain.machine import IllegalMoveError
from scheduler.domain.messages import Knock
from scheduler.service.limits import Patience
from scheduler.service.settling import UnsettledJobError, settle_job
from scheduler.store.columns import to_epoch
from scheduler.store.hot.dispatch import (
    PartyRoom,
    Rank,
    ReadyStep,
    dispatch_steps,
    explain_steps,
    list_expired,
    list_ready,
    lock_admission,
    lock_and_read,
    lock_jobs,
    redispatch_tasks,
    survey,
)
from scheduler.store.queries.snapshots import list_due_jobs, list_unsettled_jobs
from scheduler.store.tx import Tx
from scheduler.store.writes.moves import StaleMoveError
from scheduler.store.writes.moves import lock_jobs as wait_for_jobs

log: Final = structlog.get_logger()

PAGE = 32
MAX_PAGES = 64
MAX_EXPIRED = 512
MAX_EXPLAINED = 256
MAX_SETTLED = 64
"""Jobs of one transaction; each takes some milliseconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pass was cut off: the rank of the last step that it looked at, and what was kept for those so far."""

    after: Rank
    held: Mapping[str, Kept]


@dataclass(slots=True)
class Pass:
    """What a pass did: the knocks to send once it is committed."""

    knocks: dict[str, list[Knock]] = field(default_factory=dict)
    place: Place | None = None
    """More may be ready than one pass looks at: come again at once, and go on from here."""

    @property
    def is_cut(self) -> bool:
        """Whether there may be more."""
        return self.place is not None

    def add(self, knocks: Mapping[str, Sequence[Knock]]) -> None:
        """Note further knocks."""
        for party, items in knocks.items():
            self.knocks.setdefault(party, []).extend(items)


def dispatch_ready(tx: Tx, *, now: datetime, patience: Patience, place: Place | None = None) -> Pass:
    """Dispatch every ready step whose parties all have room; store for the others why they wait.

    Behind the first page it goes on from the `place` where the pass before was cut off: thousands of steps that
    cannot start must not hide the work of others.
    """
    done = Pass()
    lock_admission(tx)
    held: dict[str, Kept] = {}
    steps = list_ready(tx, after=None, limit=PAGE)
    if not steps:
        return done
    _dispatch_page(tx, done, steps, held, now=now, patience=patience)
    if len(steps) < PAGE:
        return done
    last = steps[-1].rank
    if place is not None and place.after > last:
        last, held = place.after, _join(place.held, held)
    # Behind a full page only those queues are worth a look whose parties all have room.
    rooms, queues = survey(tx)
    open_parties = find_open(_judge(rooms, now=now, patience=patience), held)
    behind = merge(
        *(_walk(tx, queue, parties, open_parties, after=last) for queue, parties in queues.items()),
        key=lambda step: step.rank,
    )
    for _ in range(MAX_PAGES - 1):
        steps = list(islice(behind, PAGE))
        if steps:
            _dispatch_page(tx, done, steps, held, now=now, patience=patience)
        if len(steps) < PAGE:
            return done
        rooms, _ = survey(tx)
        open_parties.intersection_update(find_open(_judge(rooms, now=now, patience=patience), held))
    done.place = Place(steps[-1].rank, held)
    return done


def _join(before: Mapping[str, Kept], first_page: Mapping[str, Kept]) -> dict[str, Kept]:
    """What is kept behind a place: the first page was looked at before it, too, and may keep more now."""
    kept = {**before, **first_page}
    return {party: max(its, before.get(party, its), key=lambda each: each.slots) for party, its in kept.items()}


def _walk(tx: Tx, queue: str, parties: frozenset[str], open_parties: Set[str], *, after: Rank) -> Iterator[ReadyStep]:
    """What waits in a queue behind `after`, as long as all its parties are open: `open_parties` shrinks meanwhile."""
    last: Rank | None = after
    if not parties:  # the queue's name does not tell them
        parties = frozenset(*(step.needs for step in list_ready(tx, after=after, limit=1, queue=queue)))
    while last is not None and parties <= open_parties:
        steps = list_ready(tx, after=last, limit=PAGE, queue=queue)
        yield from takewhile(lambda _: parties <= open_parties, steps)
        last = steps[-1].rank if len(steps) == PAGE else None


def _dispatch_page(
    tx: Tx, done: Pass, steps: Sequence[ReadyStep], held: dict[str, Kept], *, now: datetime, patience: Patience
) -> None:
    parties = [party for step in steps for party in step.needs]
    free, stored = lock_and_read(tx, [step.job for step in steps], parties)
    rooms = _judge(stored, now=now, patience=patience)
    candidates = [step for step in steps if step.job in free]
    verdicts = admit(
        (_candidate(step, now) for step in candidates), rooms, reserve_after_s=patience.reserve_after_s, held=held
    )
    starting = [verdict.step for verdict in verdicts if verdict.starts]
    if starting:
        done.add(dispatch_steps(tx, starting, now=now, lease_until=patience.knock_until(now)))
    known = {step.id: step.reason for step in candidates}
    explain_steps(
        tx,
        {v.step: v.reason for v in verdicts if not v.starts and v.reason != known[v.step]},
    )


def explain_ready(tx: Tx, *, now: datetime, patience: Patience, after: Rank | None) -> Rank | None:
    """Store why the next MAX_EXPLAINED ready steps behind `after` wait; where to go on, None: at the beginning.

    Passes do not look behind the first page where a party has no room. What waits there is told why in turn.
    """
    lock_admission(tx)
    first = list_ready(tx, after=None, limit=PAGE)
    if len(first) < PAGE:
        return None
    last = first[-1].rank
    steps = list_ready(tx, after=last if after is None else max(after, last), limit=MAX_EXPLAINED)
    rooms, _ = survey(tx)
    candidates = (_candidate(step, now) for step in (*first, *steps))
    verdicts = admit(candidates, _judge(rooms, now=now, patience=patience), reserve_after_s=patience.reserve_after_s)
    reasons = {verdict.step: verdict.reason for verdict in verdicts}
    stale = [step for step in steps if step.reason != reasons[step.id]]
    free = lock_jobs(tx, [step.job for step in stale]) if stale else set()
    explain_steps(tx, {step.id: reasons[step.id] for step in stale if step.job in free})
    return steps[-1].rank if len(steps) == MAX_EXPLAINED else None


def _judge(stored: Mapping[str, PartyRoom], *, now: datetime, patience: Patience) -> dict[str, Room]:
    return {party: _room(party, room, now=now, patience=patience) for party, room in stored.items()}


def _candidate(step: ReadyStep, now: datetime) -> Candidate:
    waited_s = to_epoch(now) - step.ready_since
    return Candidate(step=step.id, needs=step.needs, gang=step.gang, waited_s=waited_s)


def _room(party: str, room: PartyRoom, *, now: datetime, patience: Patience) -> Room:
    closed = _closed(party, room, now=now, patience=patience)
    return Room(slots=room.slots, running=room.running, live=room.live, closed=closed)


def _closed(party: str, room: PartyRoom, *, now: datetime, patience: Patience) -> str:
    if room.drained:
        return f"party {party} is drained: it takes no new work until it is resumed"
    if room.last_seen is None:
        return f"party {party} has never connected: start its worker"
    if to_epoch(now) - room.last_seen > patience.offline_s:
        seen = datetime.fromtimestamp(room.last_seen, UTC)
        return f"party {party} is offline since {seen:%Y-%m-%d %H:%M:%S}Z: start its worker"
    return ""


def redispatch_expired(tx: Tx, *, now: datetime, patience: Patience) -> Pass:
    """Knock again where a knock stayed unanswered and the party is there to hear it."""
    done = Pass()
    seen_since = now - timedelta(seconds=patience.offline_s)
    expired = list_expired(tx, now=now, seen_since=seen_since, limit=MAX_EXPIRED)
    free = lock_jobs(tx, [job for _, job in expired]) if expired else set()
    tasks = [task for task, job in expired if job in free]
    if tasks:
        done.add(redispatch_tasks(tx, tasks, now=now, lease_until=patience.knock_until(now)))
    return done


def list_due(tx: Tx, *, now: datetime, patience: Patience, is_thorough: bool) -> list[str]:
    """The jobs in which a lease, a pause or a deadline has run out.

    A thorough look also finds jobs whose state does not follow from their parts.
    """
    due = list_due_jobs(tx, now=now, offline_grace_s=patience.offline_grace_s)
    return sorted({*due, *list_unsettled_jobs(tx)}) if is_thorough else due


def settle_jobs(tx: Tx, jobs: Sequence[str], *, now: datetime, patience: Patience) -> int:
    """Settle the jobs, at most MAX_SETTLED so that nobody waits long for the database; how many there still are."""
    locked = wait_for_jobs(tx, jobs)
    for job in sorted(locked):
        try:
            with tx.savepoint():
                settle_job(tx, job, now=now, patience=patience)
        except (UnsettledJobError, StaleMoveError, IllegalMoveError, ValueError, LookupError, TypeError):
            # A defect in one job, or in a row of it, must not keep all others waiting; every sweep tries it again.
            log.exception("job_not_settled", job=job)
    return len(locked)
