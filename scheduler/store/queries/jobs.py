"""Reads of jobs, steps and tasks, each with its reason in words."""

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Text, cast, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import defer
from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Job, Step, Task
from scheduler.domain.reasons import explain_job, explain_step, explain_task
from scheduler.domain.states import OPEN, State
from scheduler.domain.values import valueclass
from scheduler.store.columns import from_epoch, to_epoch
from scheduler.store.queries.paging import Page, make_page, parse_cursor
from scheduler.store.queries.plain import PlainRows
from scheduler.store.sql import Sql, make_sql
from scheduler.store.tables.jobs import JobRow, StepRow, TaskRow
from scheduler.store.tx import Tx
from scheduler.store.views import view_job, view_step, view_task

_JOBS: Final = PlainRows(JobRow, "id {in:jobs}", without=["origin"])
_STEPS: Final = PlainRows(StepRow, "job_id {in:jobs} ORDER BY job_id, position", without=["parties"])
_TASKS: Final = PlainRows(TaskRow, "job_id {in:jobs} ORDER BY member")
_TELLING: Final = PlainRows(
    # Of each job the open step that says most of where it stands: a running one, else the first that is further
    # than waiting.
    StepRow,
    "id {any}SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY job_id ORDER BY "
    "CASE state WHEN 'running' THEN 0 WHEN 'waiting' THEN 2 ELSE 1 END, position) AS place FROM step "
    "WHERE job_id {in:jobs} AND state NOT IN ('success', 'failed', 'canceled', 'timeout')) AS ranked "
    "WHERE place = 1{end}",
    without=["parties"],
)
_SUCCEEDED: Final = make_sql("SELECT job_id, name FROM step WHERE job_id {in:jobs} AND state = 'success'")
_STATE: Final = make_sql("SELECT state FROM job WHERE id = :job")
_ORIGIN: Final = make_sql("SELECT origin FROM job WHERE id = :job")
_REOPENED: Final = make_sql("SELECT MAX(at) FROM event WHERE job_id = :job AND level = 'job' AND event = 'rerun'")
LEAN: Final = (defer(JobRow.origin),)  # type: ignore[arg-type]  # a column, to SQLAlchemy
"""The document is large and hardly ever wanted: leave it in the store."""


Told = TypeVar("Told", Job, Step, Task)


@valueclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs: empty fields do not narrow. `name` is a substring, `labels` must all match.

    `name` and `name_prefix` fit in whatever case. `org` is the owner's organisation, within which their name is given;
    only None does not narrow.
    """

    states: Sequence[State] = ()
    id_prefix: str = ""
    name_prefix: str = ""
    name: str = ""
    owner: str = ""
    org: str | None = None
    project: str = ""
    party: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@valueclass(frozen=True, slots=True)
class StepDetail:
    """A step with the tasks of one attempt."""

    step: Step
    tasks: list[Task]


@valueclass(frozen=True, slots=True)
class JobDetail:
    """A job with its steps."""

    job: Job
    steps: list[StepDetail]

    @property
    def tasks(self) -> list[Task]:
        """Every task, in the order of the steps."""
        return [task for step in self.steps for task in step.tasks]


def get_job(tx: Tx, job: str) -> Job:
    """The job; NotFoundError where there is none."""
    statement, params = _JOBS.select(jobs=[job])
    found = [view_job(row) for row in _JOBS.parse(tx.run(statement, **params))]
    if not found:
        raise NotFoundError("job", job)
    return _explained(tx, found)[0]


def get_state(tx: Tx, job: str) -> State:
    """Only the job's state; NotFoundError where there is no such job."""
    return State(_get_value(tx, _STATE, job))


def get_origin(tx: Tx, job: str) -> dict[str, Any]:
    """What the caller sent; NotFoundError where there is no such job."""
    origin: dict[str, Any] = orjson.loads(_get_value(tx, _ORIGIN, job))
    return origin


def find_opened(tx: Tx, job: Job) -> datetime:
    """Since when the job's deadline counts: its latest rerun, or its submission where there was none."""
    return from_epoch(tx.run(_REOPENED, job=job.id)[0][0]) or job.created


def _get_value(tx: Tx, statement: Sql, job: str) -> str:
    """The one text that a statement selects of a job."""
    found = tx.run(statement, job=job)
    if not found:
        raise NotFoundError("job", job)
    value: str = found[0][0]
    return value


def get_job_detail(tx: Tx, job: str) -> JobDetail:
    """The job with every step and the tasks of its present attempt."""
    found = list_job_details(tx, [job])
    if job not in found:
        raise NotFoundError("job", job)
    return found[job]


def list_job_details(tx: Tx, jobs: Sequence[str]) -> dict[str, JobDetail]:
    """The named jobs, those that exist, each as `get_job_detail` gives it; three queries for all of them."""
    job_rows, step_rows, task_rows = tx.run_all(*(rows.select(jobs=jobs) for rows in (_JOBS, _STEPS, _TASKS)))
    found = [view_job(row) for row in _JOBS.parse(job_rows)]
    steps = {job.id: dict[str, Step]() for job in found}
    for row in _STEPS.parse(step_rows):
        steps[row.job_id][row.id] = view_step(row)
    tasks = {job.id: list[Task]() for job in found}
    for task in _TASKS.parse(task_rows):
        step = steps[task.job_id][task.step_id]
        if task.attempt == step.attempt:
            tasks[task.job_id].append(view_task(task, step.name))
    return {job.id: _detail(job, list(steps[job.id].values()), tasks[job.id]) for job in found}


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
        _with_reason(step, reason), [_with_reason(task, explain_task(task, step, reason)) for task in tasks]
    )


def _with_reason(value: Told, reason: str) -> Told:
    """The value with this reason; most have it already, and a copy is dear."""
    return value if value.reason == reason else replace(value, reason=reason)


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
    succeeded = _succeeded(tx, [step.job_id] if step.needs else []).get(step.job_id, frozenset())
    return _step_detail(step, [view_task(row, step.name)], succeeded).tasks[0]


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
    query = select(JobRow).options(*LEAN)
    if wanted.states:
        query = query.where(col(JobRow.state).in_([str(state) for state in wanted.states]))
        if OPEN.issuperset(wanted.states):
            # Word for word the condition of the index of open jobs, which are few among many.
            query = query.where(text("job.state IN ('waiting', 'running')"))
    query = _owned(_named(query, wanted), wanted)
    if wanted.project:
        query = query.where(JobRow.project == wanted.project)
    if wanted.party:
        query = query.where(col(JobRow.id).in_(select(TaskRow.job_id).where(TaskRow.party_id == wanted.party)))
    for name, value in wanted.labels.items():
        query = query.where(_label(tx, name) == value)
    return query


def _named(query: Any, wanted: JobFilter) -> Any:
    if wanted.id_prefix:
        query = query.where(col(JobRow.id).startswith(wanted.id_prefix, autoescape=True))
    if wanted.name_prefix:
        query = query.where(col(JobRow.name).istartswith(wanted.name_prefix, autoescape=True))
    return query.where(col(JobRow.name).icontains(wanted.name, autoescape=True)) if wanted.name else query


def _owned(query: Any, wanted: JobFilter) -> Any:
    query = query.where(JobRow.owner == wanted.owner) if wanted.owner else query
    return query if wanted.org is None else query.where(JobRow.org == wanted.org)


def _label(tx: Tx, name: str) -> Any:
    """The SQL expression for the value of a job's label."""
    labels = cast(JobRow.labels, Text)
    if tx.is_postgres:
        return func.jsonb_extract_path_text(cast(labels, JSONB), name)
    # Not json_extract: its paths cannot name every key.
    label = func.json_each(labels).table_valued("key", "value")
    return select(label.c.value).where(label.c.key == name).scalar_subquery()


def _explained(tx: Tx, jobs: Sequence[Job]) -> list[Job]:
    open_jobs = [job.id for job in jobs if job.state in OPEN]
    if not open_jobs:
        return list(jobs)
    telling = _telling_steps(tx, open_jobs)
    waiting = [job for job, step in telling.items() if step.state is State.WAITING and step.needs]
    succeeded = _succeeded(tx, waiting)
    return [
        replace(job, reason=explain_job(job, _of(telling, job.id), succeeded.get(job.id, frozenset()))) for job in jobs
    ]


def _of(steps: dict[str, Step], job: str) -> list[Step]:
    return [steps[job]] if job in steps else []


def _telling_steps(tx: Tx, jobs: Sequence[str]) -> dict[str, Step]:
    """Of each job the open step that says most of where it stands."""
    statement, params = _TELLING.select(jobs=jobs)
    return {row.job_id: view_step(row) for row in _TELLING.parse(tx.run(statement, **params))}


def _succeeded(tx: Tx, jobs: Sequence[str]) -> dict[str, frozenset[str]]:
    """The names of the jobs' steps that are done."""
    names: dict[str, set[str]] = {job: set() for job in jobs}
    if jobs:
        for job, name in tx.run(_SUCCEEDED, jobs=jobs):
            names[job].add(name)
    return {job: frozenset(found) for job, found in names.items()}
