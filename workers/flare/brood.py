"""The children of a process that forks: knows them, reaps them, and kills what they leave behind."""

import os
import signal
import time
from typing import Final

from workers.executors.kernel import adopt_orphans, die_with_parent, kill_below, kill_tree, list_children

PATIENCE_S: Final = 5.0


class Brood:
    """For a process with one thread that lives to fork; `wake` becomes readable when a child has ended."""

    def __init__(self) -> None:
        adopt_orphans()
        self._known: set[int] = set()
        self.wake, self._alarm = os.pipe()
        for end in (self.wake, self._alarm):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def fork(self) -> int:
        """As os.fork; the child leads a session of its own and dies with this process."""
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._known.add(pid)
            return pid
        os.setsid()
        die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(self.wake)
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
            os.read(self.wake, 4096)
        except BlockingIOError:
            return  # asked for without an alarm

    def sweep(self) -> None:
        """Kill what children that have ended have left behind; returns when that is dead."""
        give_up = time.monotonic() + PATIENCE_S
        while orphans := [child for child in list_children(os.getpid()) if child not in self._known]:
            for orphan in orphans:
                kill_tree(orphan)
            if time.monotonic() > give_up:
                return  # the next end is another occasion
            time.sleep(0.001)

    def end(self) -> None:
        """Kill everything below this process; returns when all of it is dead."""
        kill_below(os.getpid())
