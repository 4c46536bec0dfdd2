"""Spreads heavy arithmetic over the cores: a forked process per part, which ends with its result.

Forks inherit keys, tables and numbers as they are, so only results travel; nothing outlives a call. The parts
must be pure computation: no exchange, no file, no lock.
"""

import os
import pickle
import select
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeVar

BLOCK: Final = 1 << 20
Part = TypeVar("Part")
Made = TypeVar("Made")
Report = Callable[[float], None]


class ForkError(RuntimeError):
    """A process for a part of the arithmetic ended without its result."""


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def split_evenly(count: int, *, least: int) -> list[slice]:
    """Slices of 0 ... `count`, one per core, none smaller than `least` items but where there is only one."""
    parts = max(1, min(count_cores(), count // max(1, least)))
    size = max(1, -(-count // parts))
    return [slice(start, min(count, start + size)) for start in range(0, count, size)] or [slice(0, 0)]


def run_forked(work: Callable[[Part], Made], parts: Sequence[Part], *, report: Report | None = None) -> list[Made]:
    """`work` of each part, in order, as many at once as there are cores; a single part runs right here.

    `report` hears the share that is done. ForkError where a process died, e.g. for lack of memory.
    """
    if len(parts) < 2 or count_cores() < 2:
        return [work(part) for part in parts]
    crew = _Crew(work=work, parts=parts)
    try:
        while len(crew.made) < len(parts):
            crew.start_more()
            crew.collect()
            if report is not None:
                report(len(crew.made) / len(parts))
    finally:
        crew.end()
    return [crew.made[place] for place in range(len(parts))]


@dataclass(slots=True)
class _Child:
    place: int
    pid: int
    chunks: list[bytes] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Crew:
    """The processes of one call."""

    work: Callable[[Any], Any]
    parts: Sequence[Any]
    made: dict[int, Any] = field(default_factory=dict)
    started: int = 0
    running: dict[int, _Child] = field(default_factory=dict)
    """By the descriptor that the child's result comes from."""

    def start_more(self) -> None:
        while self.started < len(self.parts) and len(self.running) < count_cores():
            self._start(self.started)
            self.started += 1

    def _start(self, place: int) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            _be_child(self.work, self.parts[place], writing)
        os.close(writing)
        self.running[reading] = _Child(place, pid)

    def collect(self) -> None:
        """Read what has come; a closed pipe is the end of its child."""
        poll = select.poll()
        for descriptor in self.running:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll():
            block = os.read(descriptor, BLOCK)
            if block:
                self.running[descriptor].chunks.append(block)
            else:
                self._finish(descriptor)

    def _finish(self, descriptor: int) -> None:
        child = self.running.pop(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(child.pid, 0)
        if status:
            code = os.waitstatus_to_exitcode(status)
            ending = f"was killed by signal {-code}, perhaps for lack of memory" if code < 0 else f"failed ({code})"
            raise ForkError(f"a process that computed part {child.place + 1} of {len(self.parts)} {ending}")
        # Written by our own fork, a moment ago, through a pipe that nobody else holds.
        self.made[child.place] = pickle.loads(b"".join(child.chunks))  # noqa: S301

    def end(self) -> None:
        """Leave no process behind, also where the task is being stopped."""
        for descriptor, child in self.running.items():
            os.close(descriptor)
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
        self.running.clear()


def _be_child(work: Callable[[Any], Any], part: Any, writing: int) -> NoReturn:
    code = 1
    try:
        # Only the main thread may set a handler; elsewhere the parent's has not been changed either.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(part), pipe, protocol=5)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)
