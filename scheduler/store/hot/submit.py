"""Hot path: new jobs with all their steps, dependencies and tasks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from scheduler.domain.model import StepPlan, Submission
from scheduler.domain.states import Event, Level, State
from scheduler.domain.values import valueclass
from scheduler.store.columns import to_epoch, to_json
from scheduler.store.hot.journal import Entry, append_events
from scheduler.store.hot.queues import name_queue
from scheduler.store.tables.jobs import DepRow, JobRow, StepRow, TaskRow
from scheduler.store.tx import Tx

Row = dict[str, Any]


@valueclass(frozen=True, slots=True)
class NewJob:
    """A submission with the id that its job is to have."""

    id: str
    submission: Submission


def step_id(job: str, position: int) -> str:
    """The id of a job's step by its position in the plan."""
    return f"{job}-{position}"


def task_id(step: str, attempt: int, member: int) -> str:
    """The id of the task of a step's member (by its place in the step) in an attempt."""
    return f"{step}-{attempt}-{member}"


def insert_jobs(tx: Tx, jobs: Sequence[NewJob], now: datetime) -> None:
    """Store the jobs, at the end of the transaction; steps that need nothing are ready at once."""
    steps = [(job, position, step) for job in jobs for position, step in enumerate(job.submission.steps)]
    tx.insert_last(JobRow, [_job_row(job, now) for job in jobs])
    tx.insert_last(StepRow, [_step_row(job, position, step, now) for job, position, step in steps])
    tx.insert_last(DepRow, [row for job in jobs for row in _dep_rows(job)])
    tx.insert_last(TaskRow, [row for job, position, step in steps for row in _task_rows(job, position, step, now)])
    entries = [Entry(Level.JOB, Event.SUBMITTED, State.WAITING, job.id) for job in jobs]
    append_events(tx, entries, now)
    tx.effects.has_ready_work = True


def _job_row(job: NewJob, now: datetime) -> Row:
    submission = job.submission
    deadline = None if submission.deadline_s is None else to_epoch(now + timedelta(seconds=submission.deadline_s))
    return {
        "id": job.id,
        "name": submission.name,
        "owner": submission.owner,
        "org": submission.org,
        "project": submission.project,
        "state": str(State.WAITING),
        "reason": "",
        "priority": submission.priority,
        "dialect": submission.dialect,
        "roles": to_json(submission.roles),
        "labels": to_json(submission.labels),
        "origin": to_json(submission.origin),
        "created": to_epoch(now),
        "deadline": deadline,
        "stop_reason": "",
    }


def _step_row(job: NewJob, position: int, step: StepPlan, now: datetime) -> Row:
    created = to_epoch(now)
    return {
        "id": step_id(job.id, position),
        "job_id": job.id,
        "name": step.name,
        "position": position,
        "state": str(State.WAITING if step.needs else State.READY),
        "reason": "",
        "run": to_json(step.run),
        "needs": to_json(step.needs),
        "inputs": to_json(step.inputs),
        "params": to_json(step.params),
        "overrides": to_json(step.overrides),
        "retry": to_json(step.retry),
        "timeout_s": None if step.timeout_s is None else float(step.timeout_s),
        "slots": step.slots,
        "gang": step.gang,
        "parties": name_queue(party for _, party in step.members),
        "rank": -job.submission.priority,
        "attempt": 1,
        "spent": 0,
        "created": created,
        "ready_since": None if step.needs else created,
    }


def _dep_rows(job: NewJob) -> Iterator[Row]:
    position = {step.name: number for number, step in enumerate(job.submission.steps)}
    for number, step in enumerate(job.submission.steps):
        for need in step.needs:
            yield {"needs": step_id(job.id, position[need]), "step_id": step_id(job.id, number)}


def _task_rows(job: NewJob, position: int, step: StepPlan, now: datetime) -> Iterator[Row]:
    step_ = step_id(job.id, position)
    in_role: dict[str, int] = {}
    for member, (role, party) in enumerate(step.members):
        yield {
            "id": task_id(step_, 1, member),
            "job_id": job.id,
            "step_id": step_,
            "party_id": party,
            "role": role,
            "position": in_role.setdefault(role, 0),
            "member": member,
            "attempt": 1,
            "seq": 0,
            "state": str(State.WAITING),
            "reason": "",
            "slots": step.slots,
            "gang": step.gang,
            "service": role in step.services,
            "log_size": 0,
            "metric_batch": 0,
            "created": to_epoch(now),
        }
        in_role[role] += 1
