"""What the native interface answers with; times are aware UTC, durations are seconds (`_s`)."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from typing_extensions import TypedDict

Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """Some items; `next` is the cursor of the page after it."""

    items: list[Item]
    next: str | None


class FailureReply(TypedDict):
    """Why a task did not succeed."""

    kind: str
    message: str
    detail: str


class TaskReply(TypedDict):
    """One step at one party in one role; `progress` runs from 0 to 1."""

    id: str
    job: str
    step: str
    role: str
    party: str
    position: int
    attempt: int
    seq: int
    state: str
    reason: str
    failure: FailureReply | None
    progress: float | None
    summary: dict[str, Any]
    log_size: int
    started: datetime | None
    ended: datetime | None


class StepReply(TypedDict):
    """One node of a job's graph with the tasks of its present attempt."""

    id: str
    name: str
    state: str
    reason: str
    run: dict[str, Any]
    needs: list[str]
    inputs: dict[str, str]
    params: dict[str, Any]
    overrides: dict[str, dict[str, Any]]
    attempt: int
    spent: int
    attempts_allowed: int
    timeout_s: float | None
    slots: int
    gang: bool
    not_before: datetime | None
    started: datetime | None
    ended: datetime | None
    tasks: list[TaskReply]


class JobSummary(TypedDict):
    """A job without its steps."""

    id: str
    name: str
    owner: str
    project: str
    state: str
    reason: str
    priority: int
    dialect: str
    parties: dict[str, list[str]]
    labels: dict[str, str]
    created: datetime
    started: datetime | None
    ended: datetime | None
    deadline: datetime | None
    stopping: bool


class JobReply(JobSummary):
    """A job with its steps."""

    steps: list[StepReply]


class BlobReply(TypedDict):
    """An uploaded file; `size` in bytes."""

    id: str
    size: int
    sha256: str
    created: datetime


class AttachmentReply(BlobReply):
    """A file under the name that its job gives it."""

    name: str


class AttemptReply(TypedDict):
    """One try of a whole step by all its parties."""

    attempt: int
    state: str
    reason: str
    started: datetime | None
    ended: datetime | None
    tasks: list[TaskReply]


class EventReply(TypedDict):
    """One accepted change of state; `id` grows within a job."""

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


class MetricReply(TypedDict):
    """A point of a curve; `x` is the round or epoch, -1 for a single figure."""

    step: str
    role: str
    party: str
    attempt: int
    task: str
    name: str
    x: int
    value: float
    at: datetime


class SummaryReply(TypedDict):
    """The figures that a task left."""

    step: str
    role: str
    party: str
    attempt: int
    task: str
    values: dict[str, Any]


class PoisonReply(TypedDict):
    """A task over which its party's worker died too often; its step waits for an operator."""

    job: str
    job_name: str
    step: str
    role: str
    party: str
    task: str
    attempt: int
    reason: str
    ended: datetime


class OutputReply(TypedDict):
    """A table, model or file that lies at a party."""

    step: str
    role: str
    party: str
    attempt: int
    task: str
    name: str
    kind: str
    size: int
    sha256: str
    facts: dict[str, Any]


class PreviewReply(TypedDict):
    """Some rows of a table; `total` counts all of them."""

    columns: list[str]
    rows: list[list[Any]]
    total: int | None


class PartyReply(TypedDict):
    """An organisation's site and how busy it is."""

    id: str
    org: str
    slots: int
    in_use: int
    drained: bool
    online: bool
    last_seen: datetime | None
    version: str
    waiting: int
    dispatched: int
    running: int
    reason: str
    components: list[str]
    facts: dict[str, Any]
    created: datetime


class QueueReply(TypedDict):
    """A party's queue: what lies in the broker (null where that cannot be told) and what the store knows.

    `reason` says why its tasks do not move, or not at once; it is empty where nothing is in the way.
    """

    party: str
    queue: str
    knocks: int | None
    consumers: int
    waiting: int
    dispatched: int
    running: int
    slots: int
    oldest_s: float | None
    reason: str


class ColumnReply(TypedDict):
    """A column of a data table."""

    name: str
    type: str


class TableReply(TypedDict):
    """A data table that lies at a party."""

    party: str
    namespace: str
    name: str
    rows: int
    columns: list[ColumnReply]
    size: int
    sha256: str
    created: datetime
    owner: str
    facts: dict[str, Any]


class ComponentReply(TypedDict):
    """What a step may run, and at which parties."""

    name: str
    summary: str
    params: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    roles: list[str]
    exchange: bool
    parties: list[str]


class TokenReply(TypedDict):
    """A credential without its secret."""

    id: str
    kind: str
    name: str
    role: str | None
    org: str
    project: str
    party: str | None
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    revoked: datetime | None


class NewTokenReply(TokenReply):
    """A credential with its secret, shown this once."""

    secret: str


class ClientReply(TypedDict):
    """A credential of a client that signs, without its secret; `id` is the client's app key."""

    id: str
    name: str
    role: str
    org: str
    project: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None


class NewClientReply(ClientReply):
    """The same with its secret, shown this once."""

    secret: str


class IdentityReply(TypedDict):
    """Who the gateway takes the caller for."""

    name: str
    kind: str
    role: str | None
    org: str
    project: str


class VersionReply(TypedDict):
    """The gateway's version and its API's."""

    version: str
    api: str


class ProblemReply(TypedDict):
    """One thing wrong: where, what, and what to change."""

    where: str
    message: str
    hint: str


class ErrorBody(TypedDict):
    """What went wrong; `code` is a fixed word."""

    code: str
    message: str
    problems: list[ProblemReply]


class ErrorReply(TypedDict):
    """The one form of all refusals."""

    error: ErrorBody
