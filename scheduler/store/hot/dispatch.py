"""Hot path: ready steps, the room at their parties, and the dispatch of those that admission lets start."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from scheduler.domain.messages import Knock
from scheduler.domain.states import Event, Level, State
from scheduler.domain.values import valueclass
from scheduler.store.columns import to_epoch
from scheduler.store.hot.journal import Entry, append_events, from_state, in_state, to_state
from scheduler.store.hot.queues import parse_queue
from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx

_COLUMNS = "id, job_id, gang, ready_since, reason, rank, created"
_READY_PAGE = (
    f"WITH page AS (SELECT {_COLUMNS} FROM step WHERE state = 'ready' {{queue}}"
    "AND (rank, created, id) > (CAST(:rank AS bigint), CAST(:created AS double precision), :id) "
    f"ORDER BY rank, created, id LIMIT :limit) SELECT {_COLUMNS}, party_id, SUM(slots) FROM page LEFT JOIN "
    "(SELECT step_id, party_id, slots FROM task WHERE step_id {any}SELECT id FROM page{end} AND state = 'waiting') "
    "AS member ON member.step_id = page.id "
    f"GROUP BY {_COLUMNS}, party_id ORDER BY rank, created, id, party_id"
)
_READY = make_sql(_READY_PAGE.replace("{queue}", ""))
_READY_IN_QUEUE = make_sql(_READY_PAGE.replace("{queue}", "AND parties = :queue "))
_NEXT_QUEUE = "SELECT parties FROM step WHERE state = 'ready' AND parties > {after} ORDER BY parties LIMIT 1"
# From queue to queue, past all that waits in each.
_QUEUES = make_sql(
    f"WITH RECURSIVE queue(parties) AS (SELECT ({_NEXT_QUEUE.format(after=repr(''))}) UNION ALL "
    f"SELECT ({_NEXT_QUEUE.format(after='queue.parties')}) FROM queue WHERE queue.parties IS NOT NULL) "
    "SELECT parties FROM queue WHERE parties IS NOT NULL"
)
# Without sorting, the pages of ready steps are read from their index also where it was empty at the plan's time.
_LOCK_ADMISSION = make_sql("SELECT pg_advisory_xact_lock(93800), set_config('enable_sort', 'off', true)")
_LOCK_JOBS = make_sql("SELECT id FROM job WHERE id {in:jobs} ORDER BY id {skip}")
_ALL_ROOMS = "SELECT id, slots, drained, last_seen FROM party"
_ALL_LIVE = (
    "SELECT party_id, SUM(slots), SUM(CASE WHEN gang OR state <> 'dispatched' THEN slots ELSE 0 END) "
    "FROM task WHERE state IN ('dispatched', 'running', 'lost_contact') {at}GROUP BY party_id"
)
_ROOMS = make_sql(f"{_ALL_ROOMS} WHERE id {{in:parties}}")
_LIVE = make_sql(_ALL_LIVE.replace("{at}", "AND party_id {in:parties} "))
_SURVEY = (make_sql(_ALL_LIVE.replace("{at}", "")), make_sql(_ALL_ROOMS), _QUEUES)
_DISPATCH_STEPS = make_sql(
    f"UPDATE step SET {to_state(Level.STEP, Event.DISPATCHED)}, reason = '' "
    f"WHERE id {{in:steps}} AND {from_state(Level.STEP, Event.DISPATCHED)} RETURNING id, job_id, name"
)
_DISPATCH_TASKS = make_sql(
    f"UPDATE task SET {to_state(Level.TASK, Event.DISPATCHED)}, seq = seq + 1, lease_until = :lease "
    f"WHERE step_id {{any}}SELECT id FROM step WHERE id {{in:steps}} AND {in_state(State.DISPATCHED)}{{end}} "
    f"AND {from_state(Level.TASK, Event.DISPATCHED)} RETURNING id, seq, party_id, gang, step_id, job_id"
)
_EXPIRED = make_sql(
    # The first condition is the index's own: SQLite does not conclude it from the second.
    "SELECT id, job_id FROM task WHERE state IN ('dispatched', 'running', 'lost_contact') "
    "AND state = 'dispatched' AND lease_until <= :now "
    "AND party_id IN (SELECT id FROM party WHERE last_seen >= :seen) "
    # A worker all of whose slots are in use takes nothing but gangs: it may know of the others, and waits.
    "AND (gang OR party_id NOT IN (SELECT party.id FROM task AS its JOIN party ON party.id = its.party_id "
    "WHERE its.state IN ('dispatched', 'running', 'lost_contact') AND its.state = 'running' AND its.agent = party.agent "
    "GROUP BY party.id, party.slots HAVING SUM(its.slots) >= party.slots)) ORDER BY lease_until LIMIT :limit"
)
_REDISPATCH = make_sql(
    f"UPDATE task SET {to_state(Level.TASK, Event.REDISPATCHED)}, seq = seq + 1, lease_until = :lease "
    f"WHERE id {{in:tasks}} AND {from_state(Level.TASK, Event.REDISPATCHED)} AND lease_until <= :now "
    "RETURNING id, seq, party_id, gang, step_id, job_id"
)
_KNOCKED = make_sql(
    "SELECT id FROM task WHERE party_id = :party AND state IN ('dispatched', 'running', 'lost_contact') "
    "AND state = 'dispatched'"
)
_EXPIRE = make_sql(
    f"UPDATE task SET seq = seq + 1, lease_until = :now WHERE id {{in:tasks}} AND {in_state(State.DISPATCHED)}"
)
_EXPLAIN = make_sql(f"UPDATE step SET reason = {{of:reasons:text}} WHERE id {{in:reasons}} AND {in_state(State.READY)}")

Rank = tuple[int, float, str]
FIRST_RANK: Final[Rank] = (-(2**31), 0.0, "")


@valueclass(frozen=True, slots=True, kw_only=True)
class ReadyStep:
    """A step that may start, in the order of admission."""

    id: str
    job: str
    gang: bool
    ready_since: float
    reason: str
    rank: Rank
    needs: Mapping[str, int]
    """Slots by party."""


@valueclass(frozen=True, slots=True, kw_only=True)
class PartyRoom:
    """What is in use at a party, in slots; see `admission.Room`."""

    slots: int
    drained: bool
    last_seen: float | None
    live: int
    running: int


def lock_admission(tx: Tx) -> None:
    """Wait until no other scheduler admits: two of them never hand out the same slot.

    One lock for all parties, taken first: rows of parties locked page by page could deadlock with
    another scheduler's, and would make gateways wait that only note who was seen.
    """
    if tx.is_postgres:
        tx.run_ahead(_LOCK_ADMISSION)


def list_ready(tx: Tx, *, after: Rank | None, limit: int, queue: str = "") -> list[ReadyStep]:
    """The next ready steps by priority and age, after the rank of the last page's last; of one queue or of all."""
    rank, created, last = after or FIRST_RANK
    place = {"rank": rank, "created": created, "id": last, "limit": limit}
    rows = tx.run(_READY_IN_QUEUE, **place, queue=queue) if queue else tx.run(_READY, **place)
    return [
        ReadyStep(
            id=step,
            job=job,
            gang=bool(gang),
            ready_since=ready_since or made,
            reason=reason,
            rank=(rank, made, step),
            needs={party: int(slots) for *_, party, slots in members if party is not None},
        )
        for (step, job, gang, ready_since, reason, rank, made), members in groupby(rows, key=lambda row: row[:7])
    ]


def survey(tx: Tx) -> tuple[dict[str, PartyRoom], dict[str, frozenset[str]]]:
    """The room at every party; the queues in which steps are ready, each with its parties, as far as its name tells."""
    live, rooms, queues = tx.run_all(*((statement, {}) for statement in _SURVEY))
    return _rooms(live, rooms), {row[0]: parse_queue(row[0]) for row in queues}


def lock_jobs(tx: Tx, jobs: Sequence[str]) -> set[str]:
    """Lock what can be locked of the jobs without waiting; the rest is being moved by somebody else."""
    return {row[0] for row in tx.run(_LOCK_JOBS, jobs=sorted(set(jobs)))}


def lock_and_read(tx: Tx, jobs: Sequence[str], parties: Sequence[str]) -> tuple[set[str], dict[str, PartyRoom]]:
    """As `lock_jobs`, and then the room at the parties."""
    names = {"parties": sorted(set(parties))}
    locked, live, rooms = tx.run_all((_LOCK_JOBS, {"jobs": sorted(set(jobs))}), (_LIVE, names), (_ROOMS, names))
    return {row[0] for row in locked}, _rooms(live, rooms)


def _rooms(live: Sequence[tuple[Any, ...]], parties: Sequence[tuple[Any, ...]]) -> dict[str, PartyRoom]:
    taken = {party: (int(all_), int(running)) for party, all_, running in live}
    rooms = {}
    for party, slots, drained, last_seen in parties:
        in_all, running = taken.get(party, (0, 0))
        rooms[party] = PartyRoom(slots=slots, drained=bool(drained), last_seen=last_seen, live=in_all, running=running)
    return rooms


def dispatch_steps(tx: Tx, steps: Sequence[str], *, now: datetime, lease_until: datetime) -> dict[str, list[Knock]]:
    """Dispatch the steps that are still ready, all their tasks at once; the knocks by party."""
    wanted = {"steps": list(steps)}
    moved, tasks = tx.run_all((_DISPATCH_STEPS, wanted), (_DISPATCH_TASKS, {**wanted, "lease": to_epoch(lease_until)}))
    entries = [Entry(Level.STEP, Event.DISPATCHED, State.DISPATCHED, job, step) for step, job, _ in moved]
    entries += [
        Entry(Level.TASK, Event.DISPATCHED, State.DISPATCHED, job, step, task) for task, _, _, _, step, job in tasks
    ]
    append_events(tx, entries, now)
    return _knocks(tasks)


def list_expired(tx: Tx, *, now: datetime, seen_since: datetime, limit: int) -> list[tuple[str, str]]:
    """(task, job) of dispatches whose knock was not answered within its lease, by parties seen since then with room."""
    rows = tx.run(_EXPIRED, now=to_epoch(now), seen=to_epoch(seen_since), limit=limit)
    return [(row[0], row[1]) for row in rows]


def list_knocked(tx: Tx, party: str) -> list[str]:
    """The party's tasks that are dispatched and not claimed."""
    return [row[0] for row in tx.run(_KNOCKED, party=party)]


def expire_knocks(tx: Tx, tasks: Sequence[str], *, now: datetime) -> None:
    """Give up the knocks that are still unanswered; their jobs are locked already.

    They are void at once: a claim of the worker's former life may still be on its way, and nobody would run it.
    """
    if tasks:
        tx.run(_EXPIRE, tasks=list(tasks), now=to_epoch(now))


def redispatch_tasks(tx: Tx, tasks: Sequence[str], *, now: datetime, lease_until: datetime) -> dict[str, list[Knock]]:
    """Knock again for dispatches that are still unanswered; the older knocks are void from now on."""
    moved = tx.run(_REDISPATCH, tasks=list(tasks), now=to_epoch(now), lease=to_epoch(lease_until))
    entries = [
        Entry(Level.TASK, Event.REDISPATCHED, State.DISPATCHED, job, step, task, "the knock was not answered")
        for task, _, _, _, step, job in moved
    ]
    append_events(tx, entries, now)
    return _knocks(moved)


def explain_steps(tx: Tx, reasons: Mapping[str, str]) -> None:
    """Store in words why ready steps wait."""
    if reasons:
        tx.run_ahead(_EXPLAIN, reasons=dict(reasons))


def _knocks(rows: Sequence[tuple[str, int, str, bool, str, str]]) -> dict[str, list[Knock]]:
    knocks: dict[str, list[Knock]] = {}
    for task, seq, party, gang, _, _ in rows:
        knocks.setdefault(party, []).append(Knock(task, seq, bool(gang)))
    return knocks
