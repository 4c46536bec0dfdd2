"""What the runner and the executors ask of each other."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from scheduler.domain.messages import Assignment, MetricPoint, Outcome, OutputRef
from scheduler.domain.values import valueclass


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


def failure(kind: str, message: str, *, detail: str = "") -> Ending:
    """An ending that failed."""
    return Ending(outcome="failed", kind=kind, message=message, detail=detail)


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


@valueclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one task's process may use; 0 means no limit."""

    memory_bytes: int = 0
    disk_bytes: int = 0
    log_bytes: int = field(default=64 << 20)
