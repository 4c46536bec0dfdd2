"""Reads of what jobs leave behind: events, metrics, summaries, outputs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Select
from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Job
from scheduler.store.queries.jobs import LEAN
from scheduler.store.queries.paging import Page, make_page, parse_cursor
from scheduler.store.sql import make_sql
from scheduler.store.tables.jobs import JobRow, MetricRow, OutputRow, StepRow, TaskRow
from scheduler.store.tx import Tx
from scheduler.store.views import view_job

# Watchers read these all the time, so they bypass the ORM; a join could be planned as a walk over all tasks.
_EVENTS = make_sql(
    "SELECT id, level, event, (SELECT name FROM step WHERE step.id = event.step_id), task_id, "
    "(SELECT role FROM task WHERE task.id = event.task_id), (SELECT party_id FROM task WHERE task.id = event.task_id), "
    "(SELECT attempt FROM task WHERE task.id = event.task_id), state, reason, at FROM event "
    "WHERE job_id = :job AND id > :after ORDER BY id LIMIT :limit"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """An event of a job; `id` grows within the job, so a reader resumes after the last one seen."""

    id: int
    level: str
    event: str
    job: str
    step: str | None
    task: str | None
    role: str | None
    party: str | None
    attempt: int | None
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which task something belongs to."""

    step: str
    role: str
    party: str
    attempt: int
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricView:
    """A point of a curve; `x` is the round or epoch, -1 for a single figure."""

    where: Where
    name: str
    x: int
    value: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFilter:
    """Which points: empty fields do not narrow."""

    step: str = ""
    name: str = ""
    party: str = ""


EVERY_METRIC: Final = MetricFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryView:
    """A task's summary."""

    where: Where
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputView:
    """An output and the dispatch that made it, by which its party finds it."""

    where: Where
    seq: int
    name: str
    kind: str
    size: int
    sha256: str
    facts: dict[str, Any]


def list_events(tx: Tx, job: str, *, after: int, limit: int) -> list[EventView]:
    """Events of a job with an id above `after`, in the order in which they happened."""
    return [
        EventView(
            id=id_,
            level=level,
            event=event,
            job=job,
            step=step,
            task=task,
            role=role,
            party=party,
            attempt=attempt,
            state=state,
            reason=reason,
            at=datetime.fromtimestamp(at, UTC),
        )
        for id_, level, event, step, task, role, party, attempt, state, reason, at in tx.run(
            _EVENTS, job=job, after=after, limit=limit
        )
    ]


def list_metrics(
    tx: Tx, job: str, wanted: MetricFilter = EVERY_METRIC, *, after: str | None = None, limit: int = 1000
) -> Page[MetricView]:
    """Points of a job's curves, in the order in which they arrived."""
    query: Any = (
        select(MetricRow, TaskRow, StepRow.name)
        .join(TaskRow, col(TaskRow.id) == MetricRow.task_id)
        .join(StepRow, col(StepRow.id) == TaskRow.step_id)
        .where(MetricRow.job_id == job)
        .order_by(col(MetricRow.id))
        .limit(limit + 1)
    )
    query = _narrowed(query, step=wanted.step, party=wanted.party)
    if wanted.name:
        query = query.where(MetricRow.name == wanted.name)
    key = parse_cursor(after, int)
    if key is not None:
        query = query.where(col(MetricRow.id) > key[0])
    return make_page(
        tx.session.exec(query).all(),
        limit,
        lambda row: MetricView(
            where=_where(row[1], row[2]), name=row[0].name, x=row[0].x, value=row[0].value, at=row[0].at
        ),
        lambda row: [row[0].id],
    )


def list_summaries(tx: Tx, job: str, *, step: str = "", party: str = "") -> list[SummaryView]:
    """The summaries that the tasks of the present attempts left."""
    query: Any = (
        select(TaskRow, StepRow.name)
        .join(StepRow, (col(StepRow.id) == TaskRow.step_id) & (col(StepRow.attempt) == TaskRow.attempt))
        .where(TaskRow.job_id == job, col(TaskRow.summary).is_not(None))
        .order_by(col(StepRow.position), col(TaskRow.member))
    )
    rows = tx.session.exec(_narrowed(query, step=step, party=party)).all()
    return [SummaryView(where=_where(task, name), values=task.summary or {}) for task, name in rows]


def list_outputs(
    tx: Tx, job: str, *, step: str = "", party: str = "", is_every_attempt: bool = False
) -> list[OutputView]:
    """The outputs of the present attempts' tasks, or of all attempts'."""
    is_mine: Any = col(StepRow.id) == TaskRow.step_id
    query: Any = (
        select(OutputRow, TaskRow, StepRow.name)
        .join(TaskRow, col(TaskRow.id) == OutputRow.task_id)
        .join(StepRow, is_mine if is_every_attempt else is_mine & (col(StepRow.attempt) == TaskRow.attempt))
        .where(OutputRow.job_id == job)
        .order_by(col(StepRow.position), col(TaskRow.member), col(OutputRow.name))
    )
    rows = tx.session.exec(_narrowed(query, step=step, party=party)).all()
    return [_output(output, task, name) for output, task, name in rows]


def list_jobs_of_day(tx: Tx, day: str) -> list[Job]:
    """The jobs made on a day (YYYYMMDD, UTC), with which their ids begin."""
    rows = tx.session.exec(select(JobRow).options(*LEAN).where(col(JobRow.id).startswith(day, autoescape=True))).all()
    return [view_job(row) for row in rows]


def get_output(tx: Tx, task: str, name: str) -> OutputView:
    """One output of a task, of whatever attempt."""
    row = tx.session.exec(
        select(OutputRow, TaskRow, StepRow.name)
        .join(TaskRow, col(TaskRow.id) == OutputRow.task_id)
        .join(StepRow, col(StepRow.id) == TaskRow.step_id)
        .where(OutputRow.task_id == task, OutputRow.name == name)
    ).first()
    if row is None:
        raise NotFoundError("output", f"{task}/{name}")
    return _output(*row)


def _narrowed(query: Select[Any], *, step: str, party: str) -> Any:
    if step:
        query = query.where(StepRow.name == step)  # type: ignore[arg-type]  # a column, to SQLAlchemy
    if party:
        query = query.where(TaskRow.party_id == party)  # type: ignore[arg-type]
    return query


def _where(task: TaskRow, step: str) -> Where:
    return Where(step=step, role=task.role, party=task.party_id, attempt=task.attempt, task=task.id)


def _output(row: OutputRow, task: TaskRow, step: str) -> OutputView:
    return OutputView(
        where=_where(task, step),
        seq=row.seq,
        name=row.name,
        kind=row.kind,
        size=row.size,
        sha256=row.sha256,
        facts=row.facts,
    )
