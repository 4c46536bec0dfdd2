"""The children of a process that forks: it waits for what they and others ask, reaps them, kills what they leave behind.

Standard library only: FLARE's interpreter runs it, too.
"""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Final, Optional

from workers.processes.kernel import (
    adopt_orphans,
    die_with_parent,
    kill_below,
    kill_tree,
    list_children,
    weigh_session,
)

PATIENCE_S: Final = 5.0

Step = Callable[[], Optional["Step"]]
"""What a process goes on with, once the frames of the one that it was forked from are off its stack."""


def go_on(step: Step | None) -> None:
    """Take one step after the other until there is none."""
    while step is not None:
        step = step()


def reseed() -> None:
    """Forks share their parent's random state; give each its own."""
    numbers = sys.modules.get("numpy.random")
    if numbers is not None:
        numbers.seed()


class Brood:
    """For a process with one thread that lives to fork."""

    def __init__(self) -> None:
        adopt_orphans()
        self._known: set[int] = set()
        self._wake, self._alarm = os.pipe()
        for end in (self._wake, self._alarm):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def serve(self, way: socket.socket, *, on_request: Callable[[], Step | None], on_end: Callable[[], None]) -> Step:
        """Wait for ends of children, and for requests on `way` until one gives a step to go on with."""
        poll = select.poll()
        poll.register(way, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._wake in ready:
                on_end()
            if way.fileno() in ready and (step := on_request()):
                return step

    def fork(self) -> int:
        """As os.fork; the child leads a session of its own, as nice as this process, and dies with it."""
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._known.add(pid)
            return pid
        os.setsid()
        weigh_session()
        die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._wake)
        os.close(self._alarm)
        return 0

    def reap(self) -> list[tuple[int, int]]:
        """The children that have ended: number and exit status, negative for a signal."""
        self._drain()
        ended: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            if pid in self._known:
                self._known.remove(pid)
                ended.append((pid, os.waitstatus_to_exitcode(status)))
        return ended

    def _drain(self) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            return  # asked for without an alarm

    def sweep(self, patience_s: float = PATIENCE_S) -> None:
        """Kill what children that have ended have left behind; returns when that is dead."""
        give_up = time.monotonic() + patience_s
        while orphans := [child for child in list_children(os.getpid()) if child not in self._known]:
            for orphan in orphans:
                kill_tree(orphan)
            if time.monotonic() > give_up:
                return  # the next end is another occasion
            time.sleep(0.001)

    def end(self) -> None:
        """Kill everything below this process; returns when all of it is dead."""
        kill_below(os.getpid())
