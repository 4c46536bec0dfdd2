"""The lock under which SQLite is written: who waits is woken by the kernel the moment the one before is done.

SQLite's own waiting sleeps in growing steps and is unfair under load. Its lock still decides; this one
only orders those who would meet there, and a process that dies gives its lock back.

It also keeps every checkpoint, which runs inside a commit, apart from every other commit: before 3.51.3 SQLite can
lose committed pages where the two meet (https://sqlite.org/wal.html#the_wal_reset_bug).
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class WriteLock:
    """One lock for all writers, in whatever thread or process, of the database at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-turn")
        self._local = threading.local()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """The block runs while no other writer's does."""
        if sys.platform == "win32":  # SQLite's own waiting must do
            yield
            return
        handle = self._find_handle()
        fcntl.flock(handle.file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle.file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close all handles that are not in use; who writes later opens another."""
        self._local = threading.local()

    def _find_handle(self) -> "_Handle":
        """This thread's own: two threads that shared one would share its lock."""
        found: _Handle | None = getattr(self._local, "handle", None)
        if found is None or found.process != os.getpid():
            found = _Handle(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), os.getpid())
            self._local.handle = found
        return found


class _Handle:
    """An open file, closed when its thread has ended or nobody knows it any more."""

    def __init__(self, file: int, process: int) -> None:
        self.file = file
        self.process = process

    def __del__(self) -> None:
        os.close(self.file)
