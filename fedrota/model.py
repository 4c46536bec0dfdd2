"""What the gateway answers with, as frozen values: times are aware UTC, durations are seconds (`_s`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

OVER: Final = frozenset({"success", "failed", "canceled", "timeout"})
"""The states in which a job, step or task has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task failed: `kind` is a fixed word, `message` a sentence, `detail` a traceback or the like."""

    kind: str
    message: str = ""
    detail: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step at one party in one role; `progress` runs from 0 to 1, `log_size` is in bytes."""

    id: str
    job: str
    step: str
    role: str
    party: str
    state: str
    position: int = 0
    attempt: int = 0
    seq: int = 0
    reason: str = ""
    failure: Failure | None = None
    progress: float = 0.0
    summary: Mapping[str, Any] = field(default_factory=dict)
    log_size: int = 0
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the task has ended, well or not."""
        return self.state in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of a job's graph with the tasks of its current attempt."""

    id: str
    name: str
    state: str
    reason: str = ""
    run: Any = None
    needs: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attempt: int = 0
    spent: int = 0
    attempts_allowed: int = 1
    timeout_s: float | None = None
    slots: int = 1
    gang: bool = False
    not_before: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a client asked for; in a list of jobs `steps` is empty."""

    id: str
    name: str
    state: str
    owner: str = ""
    project: str = ""
    reason: str = ""
    priority: int = 0
    dialect: str = ""
    parties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    deadline: datetime | None = None
    stopping: bool = False
    steps: tuple[Step, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.state in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonedTask:
    """A task over which its party's worker died too often; an operator's `requeue` gives it out again."""

    job: str
    step: str
    party: str
    task: str
    job_name: str = ""
    role: str = ""
    attempt: int = 0
    reason: str = ""
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a whole step by all its parties."""

    attempt: int
    state: str
    reason: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One accepted change of state; `id` grows within a job."""

    id: int
    level: str
    event: str
    state: str = ""
    job: str = ""
    step: str | None = None
    task: str | None = None
    role: str | None = None
    party: str | None = None
    attempt: int | None = None
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One point of a curve; `x` is the round or epoch, None for a single figure."""

    step: str
    name: str
    value: float
    x: float | None = None
    role: str = ""
    party: str = ""
    attempt: int = 0
    task: str = ""
    at: datetime | None = None

    def __post_init__(self) -> None:
        """The API says -1 for "no round"; nobody should have to remember that."""
        if self.x is not None and self.x < 0:
            object.__setattr__(self, "x", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures that a component left at one party."""

    step: str
    role: str = ""
    party: str = ""
    attempt: int = 0
    task: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A table, model or file that lies at a party; `size` is in bytes."""

    step: str
    task: str
    name: str
    role: str = ""
    party: str = ""
    attempt: int = 0
    kind: str = "file"
    size: int = 0
    sha256: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Some rows of a table; `total` counts all of its rows, None where nobody counted."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An organisation's site and how busy it is."""

    id: str
    org: str | None = None
    slots: int = 0
    in_use: int = 0
    drained: bool = False
    online: bool = False
    last_seen: datetime | None = None
    version: str | None = None
    waiting: int = 0
    dispatched: int = 0
    running: int = 0
    reason: str = ""
    created: datetime | None = None
    components: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A party's queue at the broker beside what the store knows of it."""

    party: str
    queue: str
    knocks: int | None = None
    consumers: int | None = None
    waiting: int = 0
    dispatched: int = 0
    running: int = 0
    slots: int = 0
    oldest_s: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a data table."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A data table that lies at a party; `size` is in bytes."""

    party: str
    name: str
    namespace: str = "default"
    rows: int | None = None
    columns: tuple[Column, ...] = ()
    size: int = 0
    sha256: str = ""
    created: datetime | None = None
    owner: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMember:
    """A party's part in a model; `loaded` is how often it was loaded into what serves it."""

    role: str
    party: str
    loaded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPart:
    """An output that belongs to a model: `role` and `party` hold it, `task` wrote it; `size` is in bytes."""

    role: str
    party: str
    step: str
    name: str
    task: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A version of a model; `components` are the steps that predict where it is deployed.

    `parts` are empty in lists.
    """

    model_id: str
    version: str
    job: str
    deployed: bool = False
    components: tuple[str, ...] = ()
    parent_model_id: str = ""
    parent_version: str = ""
    imported: bool = False
    notes: str = ""
    owner: str = ""
    created: datetime | None = None
    members: tuple[ModelMember, ...] = ()
    tags: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    parts: tuple[ModelPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word that marks models."""

    name: str
    notes: str = ""
    owner: str = ""
    created: datetime | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What a step may run: its parameters as JSON Schema, its ports, the parties that offer it."""

    name: str
    summary: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    exchange: bool = False
    parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential; `secret` is there once, in the answer that made it."""

    id: str
    kind: str
    name: str = ""
    role: str | None = None
    org: str | None = None
    project: str | None = None
    party: str | None = None
    created: datetime | None = None
    expires: datetime | None = None
    last_used: datetime | None = None
    revoked: datetime | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """What a client signs with: `id` is its app key; `secret` is there once, in the answer that made it."""

    id: str
    name: str = ""
    role: str | None = None
    org: str | None = None
    project: str | None = None
    created: datetime | None = None
    expires: datetime | None = None
    revoked: datetime | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the gateway takes the caller for."""

    name: str
    kind: str
    role: str | None = None
    org: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The gateway's version and the version of its API."""

    version: str
    api: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChunk:
    """A stretch of a task's log: `offset` is where it begins, `size` how long the whole log is, in bytes."""

    content: bytes
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next stretch begins."""
        return self.offset + len(self.content)
