"""One process of the worker on the threads, the clock and the disk of `worker_machine`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from scheduler.domain.messages import Hello
from tests.faults.worker_machine import Loop, Machine
from workers.attempt import Attempt
from workers.executors.base import Place
from workers.journal import Journal
from workers.lost_attempts import recover_reports
from workers.observer import Nobody
from workers.runner import Runner
from workers.spool import Key, Spool
from workers.workbench import Workbench

SMALL: Final = {
    "workers.agenda.POINTS_PER_BEAT": 3, "workers.attempt.POINTS_PER_BEAT": 3, "workers.spool.ROTATE_BYTES": 2000,
    "workers.journal.REWRITE_AFTER": 20, "workers.agenda.CALL_ITEMS": 6, "workers.runner.CALL_ITEMS": 6,
}  # fmt: skip
"""Limits that are met often here."""
LOGGING: Final = ("runner", "greeting", "backoff", "journal", "spool", "attempt", "site")


class Silence:
    """A log that nobody reads."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: None


@contextmanager
def given_world(machine: Machine) -> Iterator[None]:
    """Inside, the worker's modules stand on `machine`."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("runner", "spool", "journal"):
            patch.setattr(f"workers.{module}.threading", machine.threading)
        patch.setattr("workers.runner.time", machine.time)
        for module in ("spool", "journal"):
            patch.setattr(f"workers.{module}.os", machine.disk)
        patch.setattr("workers.journal.write_durably", machine.disk.write_durably)
        patch.setattr("workers.spool.sync_folder", machine.disk.fsync)
        for module in LOGGING:
            patch.setattr(f"workers.{module}.log", Silence())
        for name, value in SMALL.items():
            patch.setattr(name, value)
        yield


@dataclass(eq=False)
class Work:
    """A task's process, and the executor's handle of it."""

    place: Place
    attempt: Attempt
    slots: int
    has_process: bool = False
    is_told: bool = False
    is_killed: bool = False
    is_over: bool = False
    points: int = 0

    @property
    def key(self) -> Key:
        return self.attempt.key

    def begin(self) -> None:
        """It has a process, or a container."""
        if not (self.has_process or self.is_over):
            self.attempt.started(0 if "image" in self.attempt.assignment.run else 77, 5)
            self.has_process = True

    def stop(self, _grace_s: float) -> None:
        """Asked to end."""
        self.is_told = True

    def kill(self) -> None:
        """Killed."""
        self.is_told = self.is_killed = True

    def log_size(self) -> int:
        return 0


class Life:
    """One process of the worker; `boot` and `end` do what `Site.start` and `Site.stop` do."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.machine = model.machine
        self.workdir = model.workdir
        self.loop = Loop(model.machine)
        self.works: list[Work] = []
        self.runner: Runner | None = None
        self._journal: Journal | None = None
        self.is_over = False
        self.machine.thread("main").queue.append(self.boot)

    def boot(self) -> None:
        """`Site.start`, without what starts processes; a disk that takes nothing ends it."""
        try:
            self._journal = Journal(self.workdir.journal, self.workdir.lock)
            self.workdir.prepare()
            self._spool = Spool(self.workdir.spool)
            workbench = Workbench(
                self.loop,
                self.workdir,
                agent="me",
                executors={"command": self, "container": self},
                stop_grace_s=1.0,
                give_up=self.give_up,
            )
            self.workbench = workbench
            runner = Runner(
                self.model.gateway, workbench, spool=self._spool, journal=self._journal, make_hello=_make_hello,
                observer=Nobody(),
            )  # fmt: skip
            runner._pauses._backoff._chance = self.machine.chance
            self.model.watch_spool(self._spool)
            reports = recover_reports(self.workdir, spool=self._spool, journal=self._journal)
        except OSError:
            self.is_over = True
            return
        self.runner = runner  # from here on the channel is open
        self.machine.pause()
        runner.start(reports)

    def end(self, grace_s: float) -> None:
        """`Site.stop`."""
        self.runner.shut_down(grace_s)
        self.is_over = True

    def give_up(self) -> None:
        """The runner cannot go on."""
        assert self.machine.is_dying, "an error that nobody foresaw"

    def start(self, assignment: Any, place: Place, sink: Attempt) -> Work:
        """The executor's part."""
        both = [work.key for work in self.works if work.key[0] == assignment.task and not work.is_over]
        assert not both, f"{sink.key} begins beside {both}"
        self.model.begun[sink.key] += 1
        work = Work(place, sink, assignment.slots)
        self.works.append(work)
        self.model.works[sink.key] = work
        return work


def _make_hello() -> Hello:
    return Hello(protocol=1, agent="me", version="1", slots=2, executors=(), components=(), identity="")
