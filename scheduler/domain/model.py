"""What a job is: the frozen values that cross every boundary inside the core."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from scheduler.domain.states import TERMINAL, State
from scheduler.domain.values import valueclass

JsonObject = Mapping[str, Any]


@valueclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When a failed attempt of a step is followed by another.

    `attempts` counts all tries together; `on` names the kinds of failure worth another try
    (see `Failure.kind`); the n-th pause is drawn between 0 and `backoff_s * 2**(n-1)`, at most `cap_s`.
    """

    attempts: int = 3
    backoff_s: float = 2.0
    cap_s: float = 300.0
    on: tuple[str, ...] = ("lost", "unreachable", "interrupted")


@valueclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step of a submission after validation: everything in it is resolved.

    `run` is what the party's executor gets, e.g. `{"component": "homo_lr"}`, `{"command": [...]}` or
    `{"image": ..., "command": [...]}`. `inputs` maps an input's name to `step.output`. `members` lists
    (role, party) in the order that `overrides` ("role" or "role.position") counts them.
    """

    name: str
    run: JsonObject
    members: tuple[tuple[str, str], ...]
    needs: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    params: JsonObject = field(default_factory=dict)
    overrides: Mapping[str, JsonObject] = field(default_factory=dict)
    retry: Retry = Retry()
    timeout_s: float | None = None
    slots: int = 1
    gang: bool = False
    services: tuple[str, ...] = ()
    """Roles that only serve the others (an aggregator that never exits): ended when the others have succeeded."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A validated request for a job, in no dialect's words.

    `origin` keeps what the caller sent, so that a dialect can show it again.
    """

    name: str
    owner: str
    org: str = ""
    project: str
    roles: Mapping[str, tuple[str, ...]]
    steps: tuple[StepPlan, ...]
    priority: int = 0
    deadline_s: float | None = None
    dialect: str = "native"
    labels: Mapping[str, str] = field(default_factory=dict)
    origin: JsonObject = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)
    """The files that the job carries: name -> id of the uploaded file."""
    fingerprint: str = ""
    """Stands for the files when a repeat is looked for, where a client's bytes differ each time though the files do not."""
    borrowed: Mapping[str, str] = field(default_factory=dict)
    """Steps that the job does not have, but the model does that it makes: name -> the earlier job that did them."""
    idempotency_key: str | None = None


@valueclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task did not succeed.

    Kinds: error (the component raised), exit (non-zero exit status), timeout, invalid (can never work:
    bad parameter, missing column), lost (worker or child vanished), interrupted (worker shut down in
    order), unreachable (a peer could not be reached), limit (a resource limit), stopped, poison (see
    `domain.poison`). `worker_died`: the worker's process died while it held the task.
    """

    kind: str
    message: str
    detail: str = ""
    worker_died: bool = False


@valueclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands; times are aware UTC."""

    id: str
    name: str
    owner: str
    org: str
    project: str
    state: State
    reason: str
    priority: int
    dialect: str
    roles: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    created: datetime
    started: datetime | None
    ended: datetime | None
    deadline: datetime | None
    stop_kind: State | None = None
    """How the job is to end (canceled, failed, timeout) once everything under way has stopped."""
    stop_reason: str = ""


@valueclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a job as it stands; `attempt` is the number of its present try, from 1."""

    id: str
    job_id: str
    name: str
    position: int
    state: State
    reason: str
    run: JsonObject
    needs: tuple[str, ...]
    inputs: Mapping[str, str]
    params: JsonObject
    overrides: Mapping[str, JsonObject]
    retry: Retry
    timeout_s: float | None
    slots: int
    gang: bool
    attempt: int
    spent: int
    """Failed tries that count against `retry.attempts`; orderly interruptions do not."""
    not_before: datetime | None
    created: datetime
    started: datetime | None
    ended: datetime | None


@valueclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step at one party in one role, in one attempt.

    `seq` grows at every dispatch and fences off older copies; `attempt` is what users see as a version.
    """

    id: str
    job_id: str
    step_id: str
    step: str
    role: str
    party: str
    position: int
    attempt: int
    seq: int
    state: State
    reason: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    lease_until: datetime | None
    agent: str | None
    stop_kind: State | None
    progress: float | None
    failure: Failure | None
    summary: JsonObject
    log_size: int = 0
    service: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the task has ended, in whatever way."""
        return self.state in TERMINAL


@valueclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An organisation's site; `slots` is how many running tasks it takes at once."""

    id: str
    org: str
    slots: int
    drained: bool
    created: datetime
    last_seen: datetime | None
    agent: str | None
    version: str
    facts: JsonObject = field(default_factory=dict)

    def is_online(self, now: datetime, grace_s: float) -> bool:
        """Whether the party's worker was heard of within `grace_s` seconds.

        One that was heard of as far in the future was so before the clock was set back, and not since.
        """
        return self.last_seen is not None and abs((now - self.last_seen).total_seconds()) <= grace_s


@valueclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component that a party's worker offers: name, JSON Schema of its parameters, ports.

    `outputs` maps a port's name to its kind (table, model, file).
    """

    name: str
    params: JsonObject
    summary: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    exchange: bool = False
