"""The tables of jobs: their steps and tasks, what happened to them, what they left."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Index, Text, text
from sqlmodel import Field, SQLModel

from scheduler.store.columns import WIDE, amount, belongs_to, instant, json_value, number, part_of

_UNDERWAY: Final = text("state IN ('dispatched', 'running', 'lost_contact')")


class JobRow(SQLModel, table=True):
    """What a client asked for."""

    __tablename__ = "job"
    __table_args__ = (
        Index("job_created", "created", "id"),
        Index("job_open", "owner", "org", "project", sqlite_where=text("state IN ('waiting', 'running')"),
              postgresql_where=text("state IN ('waiting', 'running')")),
    )  # fmt: skip

    id: str = Field(primary_key=True)
    name: str
    owner: str
    org: str = ""
    project: str
    state: str
    reason: str = ""
    priority: int = 0
    dialect: str = "native"
    roles: dict[str, list[str]] = json_value()
    labels: dict[str, str] = json_value()
    origin: dict[str, Any] = json_value()
    created: datetime = instant(null=False)
    started: datetime | None = instant()
    ended: datetime | None = instant()
    deadline: datetime | None = instant()
    stop_kind: str | None = None
    stop_reason: str = ""


class StepRow(SQLModel, table=True):
    """One node of a job's DAG; `rank` (its job's priority, negated) and `created` give the order of admission.

    `parties` names the queue of the steps that wait for the same parties (`hot.queues`).
    """

    __tablename__ = "step"
    __table_args__ = (
        Index("step_ready", "rank", "created", "id",
              sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index("step_queue", "parties", "rank", "created", "id",
              sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index("step_unfinished", "job_id", sqlite_where=text("state <> 'success'"),
              postgresql_where=text("state <> 'success'")),
        Index("step_pause", "not_before",
              sqlite_where=text("state = 'waiting' AND not_before IS NOT NULL"),
              postgresql_where=text("state = 'waiting' AND not_before IS NOT NULL")),
        Index("step_job", "job_id", "position"),
    )  # fmt: skip

    id: str = Field(primary_key=True)
    job_id: str = belongs_to("job.id")
    name: str
    position: int
    state: str
    reason: str = ""
    run: dict[str, Any] = json_value()
    needs: list[str] = json_value()
    inputs: dict[str, str] = json_value()
    params: dict[str, Any] = json_value()
    overrides: dict[str, dict[str, Any]] = json_value()
    retry: dict[str, Any] = json_value()
    timeout_s: float | None = None
    slots: int = 1
    gang: bool = False
    parties: list[str] | str = json_value()
    rank: int = 0
    attempt: int = 1
    spent: int = 0
    created: datetime = instant(null=False)
    ready_since: datetime | None = instant()
    not_before: datetime | None = instant()
    started: datetime | None = instant()
    ended: datetime | None = instant()


class DepRow(SQLModel, table=True):
    """Step `step_id` needs step `needs`."""

    __tablename__ = "dep"
    __table_args__ = (Index("dep_step", "step_id"),)

    needs: str = part_of("step.id")
    step_id: str = part_of("step.id")


class TaskRow(SQLModel, table=True):
    """One step at one party in one role, in one attempt."""

    __tablename__ = "task"
    __table_args__ = (
        Index("task_underway", "party_id", sqlite_where=_UNDERWAY, postgresql_where=_UNDERWAY),
        Index("task_lease", "lease_until", sqlite_where=_UNDERWAY, postgresql_where=_UNDERWAY),
        Index("task_step", "step_id", "attempt"),
        Index("task_job", "job_id"),
    )

    id: str = Field(primary_key=True)
    job_id: str = belongs_to("job.id")
    step_id: str = belongs_to("step.id")
    party_id: str
    role: str
    position: int
    """Place among the step's members in the same role."""
    member: int
    """Place among all members of the step."""
    attempt: int
    seq: int = 0
    state: str
    reason: str = ""
    slots: int = 1
    gang: bool = False
    service: bool = False
    """Serves the step's other members; it is ended when they have succeeded."""
    lease_until: datetime | None = instant()
    agent: str | None = None
    stop_kind: str | None = None
    progress: float | None = None
    failure: dict[str, Any] | None = json_value(null=True)
    summary: dict[str, Any] | None = json_value(null=True)
    log_size: int = amount(0)
    metric_batch: int = 0
    created: datetime = instant(null=False)
    started: datetime | None = instant()
    ended: datetime | None = instant()


class EventRow(SQLModel, table=True):
    """One accepted move, or one request to stop; the timeline and the live feed."""

    __tablename__ = "event"
    __table_args__ = (Index("event_job", "job_id", "id"),)

    id: int | None = number()
    job_id: str = belongs_to("job.id")
    step_id: str | None = None
    task_id: str | None = None
    level: str
    event: str
    state: str
    reason: str = ""
    at: datetime = instant(null=False)


class MetricRow(SQLModel, table=True):
    """One point of a task's curve."""

    __tablename__ = "metric"
    __table_args__ = (Index("metric_job", "job_id", "id"),)

    id: int | None = number()
    job_id: str = belongs_to("job.id")
    task_id: str
    name: str
    x: int = Field(sa_column=Column(WIDE, nullable=False))
    value: float
    at: datetime = instant(null=False)


class OutputRow(SQLModel, table=True):
    """An output that lies at the party that made it."""

    __tablename__ = "output"

    task_id: str = part_of("task.id")
    name: str = Field(primary_key=True)
    job_id: str = Field(sa_column=Column(Text, nullable=False, index=True))
    seq: int
    kind: str
    size: int = amount()
    sha256: str
    facts: dict[str, Any] = json_value()


class IdempotencyRow(SQLModel, table=True):
    """A submit's key, so that a repeat finds the job of the first."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("idempotency_job", "job_id"),)

    owner: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    job_id: str
    created: datetime = instant(null=False)
