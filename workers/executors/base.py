"""What the runner, the executors and the exchange ask of each other."""

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from scheduler.domain.messages import Assignment, MetricPoint, Outcome, OutputRef
from scheduler.domain.values import valueclass

Bytes = bytes | bytearray | memoryview


class AssignmentError(Exception):
    """The assignment can never work at this worker; the text says what to change."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one attempt works: its folders, its log file, the files of its inputs, the party's tables.

    `workdir` and `outputs` need not exist yet: a task that writes nothing costs no folder.
    """

    workdir: Path
    outputs: Path
    log: Path
    tables: Path
    inputs: Mapping[str, Path]


@valueclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended by itself, in the words of `messages.Report`; `outcome` is success or failed."""

    outcome: Outcome
    kind: str = ""
    message: str = ""
    detail: str = ""
    outputs: tuple[OutputRef, ...] = ()
    log_size: int = 0


class Sink(Protocol):
    """Where an executor tells of one attempt; called from the executors' thread, must not block."""

    def started(self, pid: int, birth: int = 0) -> None:
        """The attempt has a process; `birth` as `kernel.find_birth` tells it."""

    def progressed(self, fraction: float) -> None:
        """The attempt is so far, 0 to 1."""

    def measured(self, points: tuple[MetricPoint, ...]) -> None:
        """New points of its curves."""

    def summed(self, values: Mapping[str, Any]) -> None:
        """New figures of its summary."""

    def is_full(self) -> bool:
        """Whether so much waits to be sent that the attempt should be slowed down."""
        ...

    def ended(self, ending: Ending) -> None:
        """The attempt is over and every process of it is gone or going; called exactly once."""


class Handle(Protocol):
    """An attempt under way; every method may be called from any thread, also after the end."""

    def stop(self, grace_s: float) -> None:
        """Ask it to end; kill its whole tree of processes after `grace_s`."""

    def kill(self) -> None:
        """Kill its whole tree of processes now."""

    def log_size(self) -> int:
        """Bytes in its log file."""
        ...


class Executor(Protocol):
    """One way to run a task."""

    def start(self, assignment: Assignment, place: Place, sink: Sink) -> Handle:
        """Begin; every failure from here on, also to begin at all, arrives as `sink.ended`."""
        ...


OnSent = Callable[[str], None]
"""Called once with the reason why a message cannot be delivered, or with "" once it is buffered."""

OnMessage = Callable[[Bytes, str], None]
"""Called once with a message and "", or with b"" and the reason why it can never come."""


@valueclass(frozen=True, slots=True)
class Letter:
    """What a message between two tasks is known by: the peer's task, a name and a round."""

    peer: str
    name: str
    round: int = 0


class ExchangePort(Protocol):
    """The exchange as executors use it; calls return at once, callbacks come from any thread."""

    def open(self, assignment: Assignment) -> None:
        """The attempt starts: messages between it and `assignment.peers` are allowed from now on."""

    def send(self, task: str, seq: int, letter: Letter, payload: Bytes, *, on_done: OnSent) -> None:
        """Send `payload` as `letter`; `on_done` waits where the peer is slow."""

    def recv(self, task: str, seq: int, letter: Letter, *, timeout_s: float | None, on_message: OnMessage) -> None:
        """Wait for `letter`; `timeout_s` None means the exchange's own patience."""

    def close(self, task: str, seq: int, outcome: str) -> None:
        """The attempt is over: tell the peers, so that nobody waits for it any longer."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one task's process may use; 0 means no limit."""

    memory_bytes: int = 0
    disk_bytes: int = 0
    log_bytes: int = field(default=64 << 20)
