"""The tables. Rows never leave a transaction: `views` turns them into the domain's values."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Text, text
from sqlmodel import Field, SQLModel

from scheduler.store.columns import Instant, Json

_UNDERWAY = text("state IN ('dispatched', 'running', 'lost_contact')")


def _at(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=null))


def _json(*, null: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Json, nullable=null))


def _ref(target: str) -> Any:
    return Field(sa_column=Column(Text, ForeignKey(target, ondelete="CASCADE"), nullable=False))


class PartyRow(SQLModel, table=True):
    """An organisation's site."""

    __tablename__ = "party"

    id: str = Field(primary_key=True)
    org: str
    slots: int
    slots_fixed: bool = False
    drained: bool = False
    created: datetime = _at(null=False)
    last_seen: datetime | None = _at()
    agent: str | None = None
    version: str = ""
    identity: str = ""
    facts: dict[str, Any] = _json()


class ComponentRow(SQLModel, table=True):
    """A component that a party's worker offers."""

    __tablename__ = "component"

    party_id: str = Field(sa_column=Column(Text, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True))
    name: str = Field(primary_key=True)
    offer: dict[str, Any] = _json()


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
    roles: dict[str, list[str]] = _json()
    labels: dict[str, str] = _json()
    origin: dict[str, Any] = _json()
    created: datetime = _at(null=False)
    started: datetime | None = _at()
    ended: datetime | None = _at()
    deadline: datetime | None = _at()
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
    job_id: str = _ref("job.id")
    name: str
    position: int
    state: str
    reason: str = ""
    run: dict[str, Any] = _json()
    needs: list[str] = _json()
    inputs: dict[str, str] = _json()
    params: dict[str, Any] = _json()
    overrides: dict[str, dict[str, Any]] = _json()
    retry: dict[str, Any] = _json()
    timeout_s: float | None = None
    slots: int = 1
    gang: bool = False
    parties: list[str] | str = _json()
    rank: int = 0
    attempt: int = 1
    spent: int = 0
    created: datetime = _at(null=False)
    ready_since: datetime | None = _at()
    not_before: datetime | None = _at()
    started: datetime | None = _at()
    ended: datetime | None = _at()


class DepRow(SQLModel, table=True):
    """Step `step_id` needs step `needs`."""

    __tablename__ = "dep"
    __table_args__ = (Index("dep_step", "step_id"),)

    needs: str = Field(sa_column=Column(Text, ForeignKey("step.id", ondelete="CASCADE"), primary_key=True))
    step_id: str = Field(sa_column=Column(Text, ForeignKey("step.id", ondelete="CASCADE"), primary_key=True))


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
    job_id: str = _ref("job.id")
    step_id: str = _ref("step.id")
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
    lease_until: datetime | None = _at()
    agent: str | None = None
    stop_kind: str | None = None
    progress: float | None = None
    failure: dict[str, Any] | None = _json(null=True)
    summary: dict[str, Any] | None = _json(null=True)
    log_size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    metric_batch: int = 0
    created: datetime = _at(null=False)
    started: datetime | None = _at()
    ended: datetime | None = _at()


class EventRow(SQLModel, table=True):
    """One accepted move, or one request to stop; the timeline and the live feed."""

    __tablename__ = "event"
    __table_args__ = (Index("event_job", "job_id", "id"),)

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    job_id: str = _ref("job.id")
    step_id: str | None = None
    task_id: str | None = None
    level: str
    event: str
    state: str
    reason: str = ""
    at: datetime = _at(null=False)


class MetricRow(SQLModel, table=True):
    """One point of a task's curve."""

    __tablename__ = "metric"
    __table_args__ = (Index("metric_job", "job_id", "id"),)

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    job_id: str = _ref("job.id")
    task_id: str
    name: str
    x: int
    value: float
    at: datetime = _at(null=False)


class OutputRow(SQLModel, table=True):
    """An output that lies at the party that made it."""

    __tablename__ = "output"

    task_id: str = Field(sa_column=Column(Text, ForeignKey("task.id", ondelete="CASCADE"), primary_key=True))
    name: str = Field(primary_key=True)
    job_id: str = Field(sa_column=Column(Text, nullable=False, index=True))
    seq: int
    kind: str
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str
    facts: dict[str, Any] = _json()


class DataTableRow(SQLModel, table=True):
    """A data table that lies at a party."""

    __tablename__ = "data_table"

    party_id: str = Field(sa_column=Column(Text, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True))
    namespace: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    owner: str
    rows: int = Field(sa_column=Column(BigInteger, nullable=False))
    columns: list[dict[str, Any]] = _json()
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str
    facts: dict[str, Any] = _json()
    created: datetime = _at(null=False)


class TemplateRow(SQLModel, table=True):
    """A stored way to run something; `kind` says whose words `body` is in. Names are unique but for case."""

    __tablename__ = "template"
    __table_args__ = (Index("template_name", "project", "kind", "folded_name", unique=True),)

    id: str = Field(primary_key=True)
    project: str
    kind: str
    name: str
    folded_name: str
    body: dict[str, Any] = _json()
    owner: str
    created: datetime = _at(null=False)
    modified: datetime = _at(null=False)


class IdempotencyRow(SQLModel, table=True):
    """A submit's key, so that a repeat finds the job of the first."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("idempotency_job", "job_id"),)

    owner: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    job_id: str
    created: datetime = _at(null=False)


class TokenRow(SQLModel, table=True):
    """A credential; only the digest of its secret is kept."""

    __tablename__ = "token"

    id: str = Field(primary_key=True)
    digest: str
    kind: str
    name: str
    role: str = ""
    org: str = ""
    project: str = ""
    party_id: str | None = None
    created: datetime = _at(null=False)
    expires: datetime | None = _at()
    last_used: datetime | None = _at()
    revoked: datetime | None = _at()


class AuditRow(SQLModel, table=True):
    """Who did what; each row's hash covers the one before."""

    __tablename__ = "audit"

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    at: datetime = _at(null=False)
    who: str
    token_id: str
    address: str
    action: str
    object: str
    outcome: str
    hash: str
