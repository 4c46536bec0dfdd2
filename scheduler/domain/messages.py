"""What a party's worker and the gateway say to each other; plain values, turned into JSON at both ends.

Times are epoch seconds (UTC) on this wire, since both ends only compare and subtract them.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from scheduler.domain.values import valueclass

JsonObject = Mapping[str, Any]
Outcome = Literal["success", "failed", "canceled", "timeout"]
Verdict = Literal["go", "stop", "fenced"]

PROTOCOL = 1
HELLO_PATH = "/fedrota/v1/agent/hello"
SYNC_PATH = "/fedrota/v1/agent/sync"
CHANNEL_PATH = "/fedrota/v1/agent/channel"
ATTACHMENT_PATH = "/fedrota/v1/agent/attachments"
KNOCK_TASK = "workers.knock"
LOG_TAIL_BYTES = 64 << 10
STEPS = range(-(1 << 63), 1 << 63)
"""What a store can keep as the step of a metric's point."""


@valueclass(frozen=True, slots=True)
class Knock:
    """The broker's whole message about a task: go and claim `task` if its dispatch number is still `seq`.

    `held` says that admission keeps a running slot for it, so it must not queue behind others.
    """

    task: str
    seq: int
    held: bool = False

    def to_wire(self) -> list[str | int]:
        """The form inside a knock message: `[task, seq]`, with a third item 1 where a slot is held."""
        return [self.task, self.seq, 1] if self.held else [self.task, self.seq]


@valueclass(frozen=True, slots=True, kw_only=True)
class ComponentOffer:
    """A component of a worker as it introduces it; fields as in `model.Component`."""

    name: str
    params: JsonObject
    summary: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    exchange: bool = False


@valueclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A worker's first word after every start; the party comes from its token, never from here.

    `identity` is the party's long-lived Ed25519 public key (base64), which signs exchange keys.
    """

    protocol: int
    agent: str
    version: str
    slots: int
    executors: tuple[str, ...]
    components: tuple[ComponentOffer, ...]
    identity: str
    facts: JsonObject = field(default_factory=dict)
    knows: tuple[tuple[str, int], ...] | None = None
    """(task, seq) of all that it is to claim, runs, or has still to report; None where it does not say."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The gateway's answer: who you are and how often to write."""

    party: str
    slots: int
    heartbeat_s: float
    lease_s: float
    run_id: str
    """Names this installation; a worker refuses knocks while its hello was answered by another."""


@valueclass(frozen=True, slots=True)
class Claim:
    """May I run `task`? Granted while its dispatch number is `seq` and nobody else has it."""

    task: str
    seq: int


@valueclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A member of the same attempt, the task itself included; messages are addressed to its task."""

    task: str
    role: str
    party: str
    position: int
    identity: str = ""


@valueclass(frozen=True, slots=True, kw_only=True)
class InputRef:
    """Where an input comes from: output `output` of the accepted dispatch `seq` of `task` at this party."""

    task: str
    seq: int
    output: str


@valueclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Everything a worker needs to run a task."""

    task: str
    seq: int
    job: str
    job_name: str
    step: str
    attempt: int
    role: str
    party: str
    position: int
    run: JsonObject
    params: JsonObject
    inputs: Mapping[str, InputRef]
    peers: tuple[Peer, ...]
    timeout_s: float | None
    slots: int = 1
    """So many of the worker's slots it takes while it runs."""


@valueclass(frozen=True, slots=True, kw_only=True)
class OutputRef:
    """An output that a task leaves at its party: kind is table, model or file; `facts` e.g. rows, columns."""

    name: str
    kind: str
    size: int
    sha256: str
    facts: JsonObject = field(default_factory=dict)


@valueclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a task ended. Repeating one is harmless.

    `worker_died`: the worker's process, not only the task's, died while it held the task; its next life says so,
    with the end of the task's log (at most LOG_TAIL_BYTES) as `detail`.
    """

    task: str
    seq: int
    outcome: Outcome
    kind: str = ""
    message: str = ""
    detail: str = ""
    outputs: tuple[OutputRef, ...] = ()
    summary: JsonObject = field(default_factory=dict)
    log_size: int = 0
    worker_died: bool = False


@valueclass(frozen=True, slots=True)
class MetricPoint:
    """One point of a curve: metric `name` had `value` at `step` (a round or epoch; -1 for a single figure)."""

    name: str
    step: int
    value: float
    at: float


@valueclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A running task lives; with news since the last beat.

    `batch` numbers the batches of metrics per (task, seq) from 1; the gateway drops repeats.
    """

    task: str
    seq: int
    progress: float | None = None
    log_size: int = 0
    batch: int = 0
    metrics: tuple[MetricPoint, ...] = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """One agent call: everything that has piled up since the last."""

    agent: str
    claims: tuple[Claim, ...] = ()
    reports: tuple[Report, ...] = ()
    beats: tuple[Beat, ...] = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class ClaimReply:
    """Granted with an assignment, or refused with the reason (the worker drops the knock)."""

    task: str
    seq: int
    assignment: Assignment | None
    reason: str = ""


@valueclass(frozen=True, slots=True, kw_only=True)
class ReportReply:
    """Accepted (also a repeat), or stale: in both cases the worker forgets the report."""

    task: str
    seq: int
    accepted: bool
    reason: str = ""


@valueclass(frozen=True, slots=True, kw_only=True)
class BeatReply:
    """go on, stop (end the task as `stop_kind`), or fenced (another dispatch owns it: kill, do not report)."""

    task: str
    seq: int
    verdict: Verdict
    stop_kind: str = ""
    batch: int = 0
    """The highest batch of metrics that is stored."""


@valueclass(frozen=True, slots=True, kw_only=True)
class SyncReply:
    """Answers in the order of the request."""

    claims: tuple[ClaimReply, ...] = ()
    reports: tuple[ReportReply, ...] = ()
    beats: tuple[BeatReply, ...] = ()
