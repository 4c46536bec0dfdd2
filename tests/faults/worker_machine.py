"""What a worker stands on, in the hands of a test: threads, locks, clock and disk, all in one real thread.

Each thread is a greenlet. At every release of a lock, at every wait and around every write it may be left for
another one, or be killed there; the test's seed decides. No time passes but what the test lets pass.
"""

import errno
import os
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

LEFT_ALONE = 0.3
"""How likely a thread is to be left where it may be."""


class Thread:
    """Does what is posted to it, in order; `go` lets it run until it waits, ends or is left."""

    def __init__(self, machine: "Machine", name: str) -> None:
        self.name = name
        self.queue: deque[Callable[[], Any]] = deque()
        self.flow: greenlet | None = None
        self.is_ready: Callable[[], bool] | None = None
        self.until = 0.0
        self._machine = machine

    @property
    def can_go(self) -> bool:
        """Whether it has something to do and waits for nothing."""
        if self.flow is None:
            return bool(self.queue)
        return self.is_ready is None or self.is_ready() or self._machine.now >= self.until

    @property
    def is_idle(self) -> bool:
        """Whether all that was posted is done."""
        return self.flow is None and not self.queue

    def go(self) -> None:
        """Run on; what it raises is raised here."""
        if self.flow is None:
            self.flow = greenlet(self.queue.popleft())
        self.is_ready, self._machine.current = None, self
        try:
            self.flow.switch()
        finally:
            self._machine.current = None
            if self.flow.dead:
                self.flow = None

    def kill(self) -> None:
        """Nothing of it is done any more."""
        self.queue.clear()
        if self.flow is not None:
            self.flow.throw(GreenletExit)
            self.flow = None


class Lock:
    """A lock, reentrant or not: no thread of ours takes one of the other kind twice."""

    def __init__(self, machine: "Machine") -> None:
        self.machine = machine
        self.owner: Thread | None = None
        self.depth = 0

    def __enter__(self) -> None:
        while self.owner not in {None, self.machine.current}:
            self.machine.block(lambda: self.owner is None)
        self.owner = self.machine.current
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        if not self.depth:
            self.owner = None
            self.machine.pause()


class Condition:
    """As `threading.Condition`; one that was never notified wakes by its time only, so that a lost wake-up shows."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.machine = lock.machine
        self.waiting: list[list[Any]] = []
        """Whether each has been woken, and who it is."""

    def __enter__(self) -> None:
        self.lock.__enter__()

    def __exit__(self, *_: object) -> None:
        self.lock.__exit__()

    def notify(self, count: int = 1) -> None:
        """Wake the first of those who wait."""
        for token in self.waiting[:count]:
            token[0] = True
        del self.waiting[:count]

    def notify_all(self) -> None:
        """Wake all."""
        self.notify(len(self.waiting))

    def wait(self, timeout: float | None = None) -> None:
        """Let go of the lock until notified, or for so long."""
        token = [False, self.machine.current]
        self.waiting.append(token)
        depth, self.lock.depth, self.lock.owner = self.lock.depth, 0, None
        self.machine.block(lambda: token[0], timeout)
        if token in self.waiting:
            self.waiting = [other for other in self.waiting if other is not token]
        self.lock.__enter__()
        self.lock.depth = depth

    def wait_for(self, is_so: Callable[[], Any], timeout: float | None = None) -> Any:
        """As the real one."""
        end = self.machine.now + timeout if timeout is not None else float("inf")
        while not (found := is_so()) and self.machine.now < end:
            self.wait(end - self.machine.now)
        return found


class Disk:
    """Stands for the module `os`: it may be full, and each write may be cut off by a kill."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        self._names = 0
        self.is_full = False
        self.open_files: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def urandom(self, count: int) -> bytes:
        """The same with each run."""
        self._names += 1
        return self._names.to_bytes(count, "big")

    def open(self, *given: Any) -> int:
        """As the real one, but for a full disk."""
        self._machine.pause()
        if self.is_full and given[1] & os.O_CREAT and given[1] & os.O_EXCL and self._machine.chance.random() < 0.5:
            raise OSError(errno.ENOSPC, "full")
        file = os.open(*given)
        self.open_files.add(file)
        return file

    def close(self, file: int) -> None:
        """As the real one."""
        os.close(file)
        self.open_files.discard(file)

    def write(self, file: int, content: bytes) -> int:
        """All of it, in two pieces; a full disk takes the first, or nothing."""
        self._machine.pause()
        cut = self._machine.chance.randrange(len(content) + 1)
        if self.is_full:
            if self._machine.chance.random() < 0.5:
                raise OSError(errno.ENOSPC, "full")
            return os.write(file, content[:cut])
        os.write(file, content[:cut])
        self._machine.pause()
        os.write(file, content[cut:])
        return len(content)

    def fsync(self, _file: int) -> None:
        """Nothing is cut off from power here; a full disk may be found out this late."""
        self._machine.pause()
        if self.is_full and self._machine.chance.random() < 0.2:
            raise OSError(errno.ENOSPC, "full")

    def write_durably(self, file: Path, content: bytes) -> None:
        """As `workers.workdir.write_durably`."""
        draft = file.with_name(f"{file.name}.draft")
        self._machine.pause()
        cut = self._machine.chance.randrange(len(content) + 1) if self.is_full else len(content)
        draft.write_bytes(content[:cut])
        if self.is_full and self._machine.chance.random() < 0.7:
            raise OSError(errno.ENOSPC, "full")
        draft.write_bytes(content)
        self._machine.pause()
        draft.replace(file)
        self.fsync(0)

    def close_all(self) -> None:
        """As the kernel, when a process is gone."""
        for file in self.open_files:
            with suppress(OSError):
                os.close(file)
        self.open_files.clear()


class Machine:
    """The threads of one process after another, their clock and their disk."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.now = 1000.0
        self.current: Thread | None = None
        self.threads: dict[str, Thread] = {}
        self.disk = Disk(self)
        self.is_dying = False
        self._hub = getcurrent()

    def thread(self, name: str) -> Thread:
        """The thread of this name."""
        if name not in self.threads:
            self.threads[name] = Thread(self, name)
        return self.threads[name]

    def pause(self) -> None:
        """The thread may be left here."""
        if self.is_dying:
            return
        if self.current is not None and self.chance.random() < LEFT_ALONE:
            self._hub.switch()

    def linger(self) -> None:
        """The thread waits for something far away."""
        self.pause()
        if self.chance.random() < 0.1:
            self.block(lambda: False, self.chance.random() * 0.3)

    def block(self, is_ready: Callable[[], bool], timeout: float | None = None) -> None:
        """The thread goes on when this is so, or after `timeout`."""
        if self.is_dying:
            raise GreenletExit
        assert self.current is not None
        self.current.is_ready = is_ready
        self.current.until = float("inf") if timeout is None else self.now + timeout
        self._hub.switch()

    def list_ready(self) -> list[Thread]:
        """Who could go on now."""
        return [thread for thread in self.threads.values() if thread.can_go]

    def kill(self) -> None:
        """All threads are gone, at whatever they were, and every file is closed."""
        self.is_dying = True
        for thread in self.threads.values():
            thread.kill()
        self.is_dying = False
        self.threads.clear()
        self.disk.close_all()

    # --- what stands for modules of the standard library ---

    @property
    def threading(self) -> SimpleNamespace:
        """For `threading`."""
        return SimpleNamespace(
            Lock=lambda: Lock(self), RLock=lambda: Lock(self), Condition=Condition, Thread=self._make_thread
        )

    def _make_thread(self, *, target: Callable[[], Any], name: str, daemon: bool) -> SimpleNamespace:
        thread = self.thread(name)
        return SimpleNamespace(
            start=lambda: thread.queue.append(target),
            join=lambda timeout: self.block(lambda: thread.is_idle, timeout),
        )

    @property
    def time(self) -> SimpleNamespace:
        """For `time`."""
        return SimpleNamespace(monotonic=lambda: self.now, sleep=lambda s: self.block(lambda: False, s))


class Loop:
    """Stands for `ExecutorLoop`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.timers: list[SimpleNamespace] = []
        self.aside: list[Callable[[], object]] = []
        """What a thread of the pool is to do: nobody knows when."""

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """In the loop's thread, in order."""
        self._machine.thread("executors").queue.append(lambda: function(*args))

    def later(self, delay_s: float, function: Callable[..., object], *args: Any) -> SimpleNamespace:
        """From the loop's thread."""
        timer = SimpleNamespace(at=self._machine.now + delay_s, run=lambda: function(*args))
        timer.cancel = lambda: self.timers.remove(timer) if timer in self.timers else None
        self.timers.append(timer)
        return timer

    def call_aside(self, function: Callable[..., object], *args: Any) -> None:
        """In the pool."""
        self.call(self.aside.append, lambda: function(*args))

    def run_due(self) -> None:
        """Whose time has come."""
        for timer in [timer for timer in self.timers if timer.at <= self._machine.now]:
            self.timers.remove(timer)
            self.call(timer.run)
