"""Settlements written down: every move a compare-and-set, every move an event."""

from collections.abc import Sequence
from datetime import datetime

from scheduler.domain.machine import Move, NewAttempt, Settlement, StopJob, StopTask
from scheduler.domain.model import Job, Step
from scheduler.domain.states import TERMINAL, Event, Level, State
from scheduler.store.columns import to_epoch, to_json
from scheduler.store.hot.journal import Entry, append_events, from_state, in_state, to_state
from scheduler.store.hot.submit import task_id
from scheduler.store.sql import Sql, make_sql
from scheduler.store.tables.jobs import TaskRow
from scheduler.store.tx import Tx

_LOCK = make_sql("SELECT id FROM job WHERE id {in:jobs} ORDER BY id {lock}")
_MOVE = {
    Level.JOB: make_sql(
        "UPDATE job SET state = :target, reason = :reason, ended = CAST(:ended AS double precision) "
        "WHERE id = :id AND state = :source RETURNING id, NULL"
    ),
    Level.STEP: make_sql(
        "UPDATE step SET state = :target, reason = :reason, ended = CAST(:ended AS double precision), "
        "ready_since = CASE WHEN :target = 'ready' THEN :now ELSE ready_since END "
        "WHERE id = :id AND state = :source RETURNING id, NULL"
    ),
    Level.TASK: make_sql(
        "UPDATE task SET state = :target, reason = :reason, ended = CAST(:ended AS double precision), "
        "failure = COALESCE(CAST(:failure AS text), failure), "
        # The grace of a lost task begins when that is noticed: the centre itself may have been away.
        "lease_until = CASE WHEN :target = 'lost_contact' THEN :now ELSE lease_until END "
        "WHERE id = :id AND state = :source RETURNING id, step_id"
    ),
}
_STOP_TASK = make_sql(
    "UPDATE task SET stop_kind = :kind, reason = :reason WHERE id = :id AND seq = :seq "
    f"AND {in_state(State.RUNNING, State.LOST_CONTACT)} AND stop_kind IS NULL RETURNING id"
)
_STOP_JOB = make_sql(
    "UPDATE job SET stop_kind = :kind, stop_reason = :reason WHERE id = :id "
    f"AND {in_state(State.WAITING, State.RUNNING)} AND stop_kind IS NULL RETURNING id"
)
_RETRY_STEP = make_sql(
    f"UPDATE step SET {to_state(Level.STEP, Event.RETRIED)}, attempt = :attempt, spent = :spent, "
    "not_before = CAST(:not_before AS double precision), reason = :reason, ready_since = NULL "
    f"WHERE id = :id AND {from_state(Level.STEP, Event.RETRIED)} RETURNING id"
)
_RERUN_STEP = make_sql(
    f"UPDATE step SET {to_state(Level.STEP, Event.RERUN)}, attempt = :attempt, spent = 0, not_before = NULL, "
    "reason = '', ready_since = NULL, started = NULL, ended = NULL "
    f"WHERE id = :id AND {from_state(Level.STEP, Event.RERUN)} RETURNING id"
)
_RERUN_JOB = make_sql(
    f"UPDATE job SET {to_state(Level.JOB, Event.RERUN)}, reason = '', stop_kind = NULL, stop_reason = '', "
    "started = NULL, ended = NULL, deadline = CAST(:deadline AS double precision) "
    f"WHERE id = :id AND {from_state(Level.JOB, Event.RERUN)} RETURNING id"
)
_MEMBERS = make_sql(
    "SELECT party_id, role, position, slots, gang, service FROM task WHERE step_id = :step AND attempt = :attempt ORDER BY member"
)


class StaleMoveError(Exception):
    """A row is no longer in the state that a settlement started from, though its job was locked."""


def lock_jobs(tx: Tx, jobs: Sequence[str]) -> set[str]:
    """Lock the jobs' rows in order; those that exist."""
    return {row[0] for row in tx.run(_LOCK, jobs=sorted(set(jobs)))}


def apply_settlement(tx: Tx, job: Job, settlement: Settlement, now: datetime) -> None:
    """Write all that is due; StaleMoveError (and so a rollback) where the snapshot was out of date."""
    if settlement.stop_job is not None:
        stop_job(tx, job.id, settlement.stop_job, now)
    # Before the moves: a task that is asked to stop may be given up in the same settlement.
    for stop in settlement.stops:
        _stop_task(tx, job, stop, now)
    for move in settlement.moves:
        _apply_move(tx, job, move, now)
    for attempt in settlement.attempts:
        _retry_step(tx, job, attempt, now)


def stop_job(tx: Tx, job: str, stop: StopJob, now: datetime) -> None:
    """Note how an open job is to end; a second request changes nothing."""
    if tx.run(_STOP_JOB, id=job, kind=str(stop.kind), reason=stop.reason):
        append_events(tx, [Entry(Level.JOB, Event.STOP_REQUESTED, stop.kind, job, reason=stop.reason)], now)


def _apply_move(tx: Tx, job: Job, move: Move, now: datetime) -> None:
    params = {
        "id": move.id,
        "source": str(move.source),
        "target": str(move.target),
        "reason": move.reason,
        "ended": to_epoch(now) if move.target in TERMINAL else None,
        "now": to_epoch(now),
        "failure": _failure(move),
    }
    statement: Sql = _MOVE[move.level]
    moved = tx.run(statement, **params)
    if not moved:
        raise StaleMoveError(f"{move.level} {move.id} is not {move.source} any more")
    step = move.id if move.level is Level.STEP else moved[0][1]
    task = move.id if move.level is Level.TASK else None
    append_events(tx, [Entry(move.level, move.event, move.target, job.id, step, task, move.reason)], now)
    # A ready step may start; so may one that waits for the slots that an ended task gives back.
    tx.effects.has_ready_work = True


def _failure(move: Move) -> str | None:
    failure = move.failure
    if failure is None:
        return None
    return to_json({"kind": failure.kind, "message": failure.message, "detail": failure.detail})


def _stop_task(tx: Tx, job: Job, stop: StopTask, now: datetime) -> None:
    task = stop.task
    if not tx.run(_STOP_TASK, id=task.id, seq=task.seq, kind=str(stop.kind), reason=stop.reason):
        raise StaleMoveError(f"task {task.id} does not run as dispatch {task.seq} any more")
    entry = Entry(Level.TASK, Event.STOP_REQUESTED, task.state, job.id, task.step_id, task.id, stop.reason)
    append_events(tx, [entry], now)
    tx.effects.stops.append((task.party, task.id, task.seq, str(stop.kind)))


def _retry_step(tx: Tx, job: Job, new: NewAttempt, now: datetime) -> None:
    not_before = None if new.not_before is None else to_epoch(new.not_before)
    moved = tx.run(
        _RETRY_STEP,
        id=new.step.id,
        attempt=new.attempt,
        spent=new.spent,
        not_before=not_before,
        reason=new.reason,
    )
    if not moved:
        raise StaleMoveError(f"step {new.step.id} does not run any more")
    _insert_tasks(tx, new.step, new.attempt, now=now)
    entry = Entry(Level.STEP, Event.RETRIED, State.WAITING, job.id, new.step.id, reason=new.reason)
    append_events(tx, [entry], now)


def rerun_job(tx: Tx, job: Job, steps: Sequence[Step], *, deadline: datetime | None, now: datetime) -> None:
    """Open an ended job again with a new attempt of the given steps."""
    at = None if deadline is None else to_epoch(deadline)
    if not tx.run(_RERUN_JOB, id=job.id, deadline=at):
        raise StaleMoveError(f"job {job.id} is open")
    append_events(tx, [Entry(Level.JOB, Event.RERUN, State.WAITING, job.id)], now)
    for step in steps:
        if not tx.run(_RERUN_STEP, id=step.id, attempt=step.attempt + 1):
            raise StaleMoveError(f"step {step.id} is open")
        _insert_tasks(tx, step, step.attempt + 1, now=now)
        append_events(tx, [Entry(Level.STEP, Event.RERUN, State.WAITING, job.id, step.id)], now)


def _insert_tasks(tx: Tx, step: Step, attempt: int, *, now: datetime) -> None:
    members = tx.run(_MEMBERS, step=step.id, attempt=step.attempt)
    rows = [
        {
            "id": task_id(step.id, attempt, member),
            "job_id": step.job_id,
            "step_id": step.id,
            "party_id": party,
            "role": role,
            "position": position,
            "member": member,
            "attempt": attempt,
            "seq": 0,
            "state": str(State.WAITING),
            "reason": "",
            "slots": slots,
            "gang": bool(gang),
            "service": bool(service),
            "log_size": 0,
            "metric_batch": 0,
            "created": to_epoch(now),
        }
        for member, (party, role, position, slots, gang, service) in enumerate(members)
    ]
    tx.insert(TaskRow, rows)
