"""Warm processes: kept between tasks of reusable components, shared sparingly, let go when nobody needs them."""

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery
from workers.executors.process import Process
from workers.processes.link import Header

IDLE_S: Final = 30.0
PATIENCE_S: Final = 0.01
"""A task waits so long for a busy process before it gets a new one: most tasks here are over sooner than a fork."""
EAGER: Final = max(2, os.cpu_count() or 1)
"""So many processes are made without waiting."""
TURNS: Final = 10
"""Nobody makes a process for tasks that get one within so many patiences, at the pace at which processes come back."""

OnProcess = Callable[[Process], None]


class WarmPool:
    """Lends processes; every method only in the loop's thread."""

    def __init__(self, loop: ExecutorLoop, nursery: Nursery, *, most_idle: int) -> None:
        self._loop = loop
        self._nursery = nursery
        self._most_idle = most_idle
        self._idle: list[Process] = []
        self._lent: set[Process] = set()
        self._waiting: deque[OnProcess] = deque()
        self._step = 0
        self._returned = 0
        """How many processes have come back since the last look."""
        self._is_trimming = False
        self._was_needed = 0

    def warm_up(self) -> None:
        """Have one process ready, so that the first task need not wait."""
        if not self._idle:
            self._keep(self._nursery.fork())

    def take(self, on_process: OnProcess) -> None:
        """Give a process to `on_process`, at once or in a moment."""
        if self._idle:
            self._lend(self._idle.pop(), on_process)
        elif len(self._lent) < EAGER:
            self._lend(self._nursery.fork(), on_process)
        else:
            self._waiting.append(on_process)
            if not self._step:
                self._step, self._returned = 1, 0
                self._loop.later(PATIENCE_S, self._grow)

    def forget(self, on_process: OnProcess) -> None:
        """Who waits with `on_process` needs no process any more; nothing where nobody does."""
        with suppress(ValueError):
            self._waiting.remove(on_process)

    def _grow(self) -> None:
        """Where processes come back too slowly for those that wait, make more, twice as many each time.

        Never ahead of the zygote.
        """
        if not self._waiting:
            self._step = 0
            return
        returned, self._returned = self._returned, 0
        if returned * TURNS < len(self._waiting) and all(process.pid is not None for process in self._lent):
            for _ in range(min(self._step, len(self._waiting))):
                self._lend(self._nursery.fork(), self._waiting.popleft())
            self._step *= 2
        self._loop.later(PATIENCE_S, self._grow)

    def _lend(self, process: Process, on_process: OnProcess) -> None:
        self._lent.add(process)
        self._was_needed = max(self._was_needed, len(self._lent))
        on_process(process)

    def give_back(self, process: Process) -> None:
        """The process may run another task, unless it has died since it said so: whoever waits gets a new one then."""
        self._lent.discard(process)
        if process.is_gone:
            if self._waiting:
                self._lend(self._nursery.fork(), self._waiting.popleft())
            return
        self._returned += 1
        if self._waiting:
            self._lend(process, self._waiting.popleft())
        elif len(self._idle) < self._most_idle:
            self._keep(process)
        else:
            process.close()

    def lose(self, process: Process) -> None:
        """The process runs no other task."""
        self._lent.discard(process)
        if process in self._idle:
            self._idle.remove(process)

    def _keep(self, process: Process) -> None:
        process.listener, process.log = _Idle(self, process), None
        self._idle.append(process)
        if len(self._idle) > 1 and not self._is_trimming:
            self._is_trimming = True
            self._was_needed = len(self._lent)
            self._loop.later(IDLE_S, self._trim)

    def _trim(self) -> None:
        """Let go of what was not needed for a while; one always stays."""
        surplus = len(self._idle) + len(self._lent) - max(1, self._was_needed)
        for process in self._idle[: max(0, min(surplus, len(self._idle) - 1))]:
            self._idle.remove(process)
            process.close()
        self._was_needed = len(self._lent)
        self._is_trimming = len(self._idle) > 1
        if self._is_trimming:
            self._loop.later(IDLE_S, self._trim)


class _Idle:
    """Listens to a process between two tasks."""

    def __init__(self, pool: WarmPool, process: Process) -> None:
        self._pool = pool
        self._process = process

    def on_frame(self, header: Header, payload: bytearray) -> None:
        """A process without a task has nothing to say."""

    def on_born(self, pid: int) -> None:
        """It has got its number."""

    def on_exit(self, code: int | None) -> None:  # noqa: ARG002  the listener's signature
        """It is gone."""
        self._pool.lose(self._process)
