"""Executors over a real zygote with the components of these tests, and stand-ins for what is around them."""

import threading
from pathlib import Path
from typing import Any

from scheduler.domain.messages import Assignment, MetricPoint
from tests.workers.fakes import make_assignment
from workers.exchange.port import Bytes, Letter, OnMessage, OnSent
from workers.executors.base import Ending, Limits, Place
from workers.executors.command import CommandExecutor
from workers.executors.component import ComponentExecutor
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery

COMPONENTS = str(Path(__file__).parent / "sample_components.py")


class Recorder:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.births: list[int] = []
        self.points: list[MetricPoint] = []
        self.fractions: list[float] = []
        self.summary: dict[str, Any] = {}
        self.endings: list[Ending] = []
        self.full = False
        self._over = threading.Event()
        self._begun = threading.Event()

    def started(self, pid: int, birth: int = 0) -> None:
        self.pids.append(pid)
        self.births.append(birth)
        self._begun.set()

    def progressed(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def measured(self, points: tuple[MetricPoint, ...]) -> None:
        self.points += points

    def summed(self, values: Any) -> None:
        self.summary |= values

    def is_full(self) -> bool:
        return self.full

    def ended(self, ending: Ending) -> None:
        self.endings.append(ending)
        self._over.set()

    def wait_begun(self) -> int:
        assert self._begun.wait(60)
        return self.pids[0]

    def wait(self, timeout_s: float = 60) -> Ending:
        assert self._over.wait(timeout_s), "the attempt did not end"
        return self.endings[0]


class Letterbox:
    """An exchange within one process: what is sent waits for whoever asks."""

    def __init__(self) -> None:
        self.sent: dict[tuple[str, str, int], bytes] = {}
        self.asked: dict[tuple[str, str, int], OnMessage] = {}
        self.opened: list[str] = []
        self.closed: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def open(self, assignment: Assignment) -> None:
        self.opened.append(assignment.task)

    def send(self, task: str, seq: int, letter: Letter, payload: Bytes, *, on_done: OnSent) -> None:
        key = letter.peer, letter.name, letter.round
        with self.lock:
            waiting = self.asked.pop(key, None)
            if waiting is None:
                self.sent[key] = bytes(payload)
        if waiting is not None:
            waiting(bytes(payload), "")
        on_done("")

    def recv(self, task: str, seq: int, letter: Letter, *, timeout_s: float | None, on_message: OnMessage) -> None:
        key = task, letter.name, letter.round
        if letter.name == "never":
            on_message(b"", "party 10000 has ended")
            return
        with self.lock:
            payload = self.sent.pop(key, None)
            if payload is None:
                self.asked[key] = on_message
        if payload is not None:
            on_message(payload, "")

    def close(self, task: str, seq: int, outcome: str) -> None:
        self.closed.append((task, outcome))


class Workshop:
    """Executors over one zygote, and places to work in."""

    def __init__(self, folder: Path, limits: Limits, modules: list[str]) -> None:
        self.folder = folder
        self.loop = ExecutorLoop()
        self.loop.start()
        self.nursery = Nursery(self.loop, site=folder, modules=modules, limits=limits)
        self.letters = Letterbox()
        self.components = ComponentExecutor(self.loop, self.nursery, exchange=self.letters, limits=limits, warm=4)
        self.commands = CommandExecutor(self.loop, self.nursery, limits=limits)
        self.nursery.start()
        assert self.nursery.wait_ready(60)
        self._last = 0

    def make_place(self, inputs: dict[str, Path] | None = None) -> Place:
        self._last += 1
        folder = self.folder / f"place{self._last}"
        return Place(
            workdir=folder / "work",
            outputs=folder / "outputs",
            log=folder / "log",
            tables=self.folder / "tables",
            inputs=inputs or {},
        )

    def run(self, component: str, **facts: Any) -> "Run":
        """Start a component."""
        return self._start(self.components, {"component": component}, facts)

    def command(self, *argv: str, outputs: dict[str, str] | None = None, **facts: Any) -> "Run":
        """Start a command."""
        return self._start(self.commands, {"command": list(argv), "outputs": outputs or {}}, facts)

    def _start(self, executor: Any, run: dict[str, Any], facts: dict[str, Any]) -> "Run":
        place = self.make_place(facts.pop("inputs", None))
        assignment = make_assignment(**{"task": f"t{self._last}", **facts, "run": run})
        sink = Recorder()
        return Run(sink, place, executor.start(assignment, place, sink), assignment)

    def close(self) -> None:
        self.nursery.close()
        self.loop.stop()


class Run:
    """An attempt under test."""

    def __init__(self, sink: Recorder, place: Place, handle: Any, assignment: Assignment) -> None:
        self.sink = sink
        self.place = place
        self.handle = handle
        self.assignment = assignment

    @property
    def log(self) -> str:
        return self.place.log.read_text() if self.place.log.exists() else ""
