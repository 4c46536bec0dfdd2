"""Turns at writing SQLite: who waits is woken by the kernel the moment the one before is done.

SQLite's own waiting sleeps in growing steps and is unfair under load. Its lock still decides; this one
only orders those who would meet there, and a process that dies gives its turn back.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class Turns:
    """The queue of all writers, in whatever thread or process, of the database at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-turn")
        self._local = threading.local()

    @contextmanager
    def take(self) -> Iterator[None]:
        """The block runs while no other writer's does."""
        if sys.platform == "win32":  # SQLite's own waiting must do
            yield
            return
        file = self._open()
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _open(self) -> int:
        """This thread's own handle: two threads that shared one would share its turn."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._local.process = os.getpid()
        found: int = self._local.file
        return found
