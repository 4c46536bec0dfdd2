"""Reads of jobs, steps and tasks, each with its reason in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Text, cast, func, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Job, Step, Task
from scheduler.domain.reasons import explain_job, explain_step, explain_task
from scheduler.domain.states import OPEN, State
from scheduler.store.columns import from_epoch, to_epoch
from scheduler.store.queries.paging import Page, make_page, parse_cursor
from scheduler.store.session import Tx
from scheduler.store.tables import JobRow, StepRow, TaskRow
from scheduler.store.views import view_job, view_step, view_task


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs: empty fields do not narrow. `name` is a substring, `labels` must all match."""

    states: Sequence[State] = ()
    name: str = ""
    owner: str = ""
    project: str = ""
    party: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepDetail:
    """A step with the tasks of one attempt."""

    step: Step
    tasks: list[Task]


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A job with its steps."""

    job: Job
    steps: list[StepDetail]


def get_job(tx: Tx, job: str) -> Job:
    """The job; NotFoundError where there is none."""
    row = tx.session.get(JobRow, job)
    if row is None:
        raise NotFoundError("job", job)
    return _explained(tx, [view_job(row)])[0]


def get_origin(tx: Tx, job: str) -> dict[str, Any]:
    """What the caller sent."""
    row = tx.session.get(JobRow, job)
    if row is None:
        raise NotFoundError("job", job)
    return row.origin


def get_job_detail(tx: Tx, job: str) -> JobDetail:
    """The job with every step and the tasks of its present attempt."""
    row = tx.session.get(JobRow, job)
    if row is None:
        raise NotFoundError("job", job)
    steps = _steps(tx, job)
    tasks = _tasks(tx, [(step.id, step.attempt) for step in steps], {step.id: step.name for step in steps})
    return _detail(view_job(row), steps, tasks)


def _detail(job: Job, steps: Sequence[Step], tasks: Sequence[Task]) -> JobDetail:
    succeeded = frozenset(step.name for step in steps if step.state is State.SUCCESS)
    unfinished = [step for step in steps if step.state is not State.SUCCESS]
    by_step: dict[str, list[Task]] = {step.id: [] for step in steps}
    for task in tasks:
        by_step[task.step_id].append(task)
    return JobDetail(
        replace(job, reason=explain_job(job, unfinished, succeeded)),
        [_step_detail(step, by_step[step.id], succeeded) for step in steps],
    )


def _step_detail(step: Step, tasks: Sequence[Task], succeeded: frozenset[str]) -> StepDetail:
    reason = explain_step(step, succeeded)
    return StepDetail(
        replace(step, reason=reason),
        [replace(task, reason=explain_task(task, step, reason)) for task in tasks],
    )


def get_step_detail(tx: Tx, job: str, name: str) -> StepDetail:
    """One step of a job, by its name."""
    detail = get_job_detail(tx, job)
    for step in detail.steps:
        if step.step.name == name:
            return step
    raise NotFoundError("step", name)


def list_attempts(tx: Tx, job: str, name: str) -> list[tuple[int, list[Task]]]:
    """Every attempt of a step, the first first, with its tasks."""
    step = get_step_detail(tx, job, name).step
    rows = tx.session.exec(
        select(TaskRow).where(TaskRow.step_id == step.id).order_by(col(TaskRow.attempt), col(TaskRow.member))
    ).all()
    attempts: dict[int, list[Task]] = {}
    for row in rows:
        attempts.setdefault(row.attempt, []).append(view_task(row, step.name))
    return list(attempts.items())


def get_task(tx: Tx, task: str) -> Task:
    """One task, by its id, with its reason."""
    found = tx.session.exec(
        select(TaskRow, StepRow).join(StepRow, col(StepRow.id) == TaskRow.step_id).where(TaskRow.id == task)
    ).first()
    if found is None:
        raise NotFoundError("task", task)
    row, step_row = found
    step = view_step(step_row)
    succeeded = frozenset(_succeeded(tx, step.job_id)) if step.needs else frozenset()
    return _step_detail(step, [view_task(row, step.name)], succeeded).tasks[0]


def _succeeded(tx: Tx, job: str) -> Iterable[str]:
    return tx.session.exec(select(StepRow.name).where(StepRow.job_id == job, StepRow.state == State.SUCCESS)).all()


def list_jobs(tx: Tx, wanted: JobFilter, *, after: str | None, limit: int) -> Page[Job]:
    """Jobs, the newest first."""
    query = _filtered(tx, wanted).order_by(col(JobRow.created).desc(), col(JobRow.id).desc()).limit(limit + 1)
    key = parse_cursor(after, float, str)
    if key is not None:
        created, last = from_epoch(key[0]), key[1]
        query = query.where(
            (col(JobRow.created) < created) | ((col(JobRow.created) == created) & (col(JobRow.id) < last))
        )
    rows = tx.session.exec(query).all()
    page = make_page(rows, limit, view_job, lambda row: [to_epoch(row.created), row.id])
    return Page(_explained(tx, page.items), page.next)


def _filtered(tx: Tx, wanted: JobFilter) -> Any:
    query = select(JobRow)
    if wanted.states:
        query = query.where(col(JobRow.state).in_([str(state) for state in wanted.states]))
    if wanted.name:
        query = query.where(col(JobRow.name).icontains(wanted.name, autoescape=True))
    if wanted.owner:
        query = query.where(JobRow.owner == wanted.owner)
    if wanted.project:
        query = query.where(JobRow.project == wanted.project)
    if wanted.party:
        query = query.where(col(JobRow.id).in_(select(TaskRow.job_id).where(TaskRow.party_id == wanted.party)))
    for name, value in wanted.labels.items():
        query = query.where(_label(tx, name) == value)
    return query


def _label(tx: Tx, name: str) -> Any:
    """The SQL expression for the value of a job's label."""
    labels = cast(JobRow.labels, Text)
    if tx.is_postgres:
        return func.jsonb_extract_path_text(cast(labels, JSONB), name)
    quoted = name.replace('"', "")
    return func.json_extract(labels, literal(f'$."{quoted}"'))


def _explained(tx: Tx, jobs: Sequence[Job]) -> list[Job]:
    open_jobs = [job.id for job in jobs if job.state in OPEN]
    if not open_jobs:
        return list(jobs)
    steps: dict[str, list[Step]] = {job: [] for job in open_jobs}
    succeeded: dict[str, set[str]] = {job: set() for job in open_jobs}
    rows = tx.session.exec(
        select(StepRow).where(col(StepRow.job_id).in_(open_jobs)).order_by(col(StepRow.position))
    ).all()
    for row in rows:
        if row.state == State.SUCCESS:
            succeeded[row.job_id].add(row.name)
        else:
            steps[row.job_id].append(view_step(row))
    return [
        replace(job, reason=explain_job(job, steps[job.id], frozenset(succeeded[job.id])))
        if job.id in steps
        else job
        for job in jobs
    ]


def _steps(tx: Tx, job: str) -> list[Step]:
    rows = tx.session.exec(select(StepRow).where(StepRow.job_id == job).order_by(col(StepRow.position))).all()
    return [view_step(row) for row in rows]


def _tasks(tx: Tx, present: Sequence[tuple[str, int]], names: dict[str, str]) -> list[Task]:
    attempts = dict(present)
    rows = tx.session.exec(
        select(TaskRow).where(col(TaskRow.step_id).in_(list(attempts))).order_by(col(TaskRow.member))
    ).all()
    return [view_task(row, names[row.step_id]) for row in rows if row.attempt == attempts[row.step_id]]
