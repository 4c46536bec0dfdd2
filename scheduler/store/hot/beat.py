"""Hot path: heartbeats of running tasks, with their progress and metrics."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduler.domain.messages import Beat, BeatReply
from scheduler.domain.states import HELD, Event, Level, State
from scheduler.domain.values import valueclass
from scheduler.store.columns import to_epoch
from scheduler.store.hot.journal import Entry, append_events, from_state, to_state
from scheduler.store.sql import make_sql
from scheduler.store.tables.jobs import MetricRow
from scheduler.store.tx import Tx
from scheduler.store.work import Work

_LOOK = make_sql(
    "SELECT id, job_id, step_id, party_id, seq, state, stop_kind, metric_batch, agent FROM task WHERE id {in:tasks}"
)
_EXTEND = make_sql(
    "UPDATE task SET lease_until = :lease, progress = COALESCE({of:progress:double}, progress), "
    "log_size = {of:sizes}, metric_batch = {of:batches} WHERE id {in:sizes}"
)
_REGAIN = make_sql(
    f"UPDATE task SET {to_state(Level.TASK, Event.REGAINED)}, reason = '' "
    f"WHERE id {{in:tasks}} AND {from_state(Level.TASK, Event.REGAINED)} RETURNING id, step_id, job_id"
)
_SEEN = make_sql(
    # Rows of parties are locked in one order, or two gateways could lock each other out.
    "UPDATE party SET last_seen = :now WHERE id IN (SELECT id FROM party WHERE id {in:parties} ORDER BY id {lock})"
)


@valueclass(frozen=True, slots=True)
class BeatBy:
    """A heartbeat with who makes it: the party comes from the token."""

    party: str
    agent: str
    beat: Beat


def extend_leases(tx: Tx, beats: Sequence[BeatBy], *, now: datetime, lease_until: datetime) -> Work[list[BeatReply]]:
    """Keep alive what is still the beating agent's, and say to each task: go, stop or fenced. Jobs are locked."""
    asked = tx.ask((_LOOK, {"tasks": [item.beat.task for item in beats]}))
    yield
    [found] = asked()
    rows = {row[0]: row for row in found}
    alive = [item for item in beats if _is_owner(item, rows.get(item.beat.task))]
    if alive:
        _store(tx, alive, rows, lease_until)
        lost = [item.beat.task for item in alive if rows[item.beat.task][5] == State.LOST_CONTACT]
        regained = tx.run(_REGAIN, tasks=lost) if lost else []
        entries = [Entry(Level.TASK, Event.REGAINED, State.RUNNING, job, step, task) for task, step, job in regained]
        append_events(tx, entries, now)
    return [_reply(item, rows.get(item.beat.task)) for item in beats]


def mark_seen(tx: Tx, parties: Sequence[str], *, now: datetime) -> None:
    """Note that the parties' workers have been heard of."""
    if parties:
        tx.run_ahead(_SEEN, parties=sorted(set(parties)), now=to_epoch(now))


def _is_owner(item: BeatBy, row: tuple[Any, ...] | None) -> bool:
    return (
        row is not None
        and (row[3], row[4], row[8]) == (item.party, item.beat.seq, item.agent)
        and State(row[5]) in HELD
    )


def _store(tx: Tx, alive: Sequence[BeatBy], rows: dict[str, tuple[Any, ...]], lease_until: datetime) -> None:
    batches = {item.beat.task: max(item.beat.batch, rows[item.beat.task][7]) for item in alive}
    tx.run(
        _EXTEND,
        lease=to_epoch(lease_until),
        progress={item.beat.task: None if item.beat.progress is None else float(item.beat.progress) for item in alive},
        sizes={item.beat.task: item.beat.log_size for item in alive},
        batches=batches,
    )
    fresh = [item for item in alive if item.beat.batch > rows[item.beat.task][7]]
    points = [
        {
            "job_id": rows[item.beat.task][1],
            "task_id": item.beat.task,
            "name": point.name,
            "x": point.step,
            "value": float(point.value),
            "at": float(point.at),
        }
        for item in fresh
        for point in item.beat.metrics
    ]
    tx.insert_last(MetricRow, points)
    tx.effects.changed_jobs.update(point["job_id"] for point in points)


def _reply(item: BeatBy, row: tuple[Any, ...] | None) -> BeatReply:
    beat = item.beat
    if not _is_owner(item, row) or row is None:
        return BeatReply(task=beat.task, seq=beat.seq, verdict="fenced")
    batch = max(beat.batch, row[7])
    if row[6]:
        return BeatReply(task=beat.task, seq=beat.seq, verdict="stop", stop_kind=row[6], batch=batch)
    return BeatReply(task=beat.task, seq=beat.seq, verdict="go", batch=batch)
