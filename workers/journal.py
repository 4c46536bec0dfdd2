"""Which attempts this host may be running, on disk, and the lock that makes it one worker per party and host."""

import fcntl
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import orjson
import structlog

from scheduler.domain.values import valueclass
from workers.processes.kernel import find_birth, kill_tree
from workers.spool import Key
from workers.workdir import write_durably

log = structlog.get_logger(__name__)

REWRITE_AFTER: Final = 20_000
NO_PROCESS: Final = -1
"""In the place of a process's number: the attempt has begun, in none of ours."""


class BusyError(Exception):
    """Another worker of the same party runs on this host."""


@valueclass(frozen=True, slots=True)
class Leftover:
    """An attempt of a former life; `pid` 0 where it had not begun yet."""

    task: str
    seq: int
    pid: int = 0
    birth: int = 0

    @property
    def key(self) -> Key:
        """Which attempt this is."""
        return self.task, self.seq

    def kill(self) -> bool:
        """Kill its process and all below, if it is still the same process; whether it was."""
        if self.pid <= 0 or find_birth(self.pid) != self.birth:
            return False
        kill_tree(self.pid)
        return True


class Journal:
    """An append-only file: a line when an attempt may begin, when it has a process, when its report is safe.

    The lines outlive a killed worker; `sync` makes them outlive a power cut too, off the hot path.
    """

    def __init__(self, path: Path, lock: Path) -> None:
        self._path = path
        self._lock = _take_lock(lock)
        self._open: dict[Key, Leftover] = {entry.key: entry for entry in _read(path)}
        self._file = self._rewrite()
        self._lines = 0
        self._is_dirty = False
        self._is_behind = False
        """Whether the file lacks lines, or ends within one, because a full disk did not take them."""
        self._guard = threading.RLock()

    def close(self) -> None:
        """Let go of the file and the lock."""
        os.close(self._file)
        os.close(self._lock)

    def leftovers(self) -> list[Leftover]:
        """What is open: right after the start, what a former life left."""
        return list(self._open.values())

    def begin(self, keys: Iterable[Key]) -> None:
        """These may be running from now on; to be called before the gateway is asked for them."""
        with self._guard:
            fresh = [key for key in keys if key not in self._open]
            self._open |= {key: Leftover(*key) for key in fresh}
            self._append([["begin", *key] for key in fresh])

    def note(self, key: Key, pid: int, birth: int) -> None:
        """The attempt runs in this process; nothing is noted of one that has ended: a next life would drop its outputs."""
        entry = Leftover(*key, pid, birth)
        with self._guard:
            if key in self._open:
                self._open[key] = entry
                self._append([["pid", *key, pid, entry.birth]])

    def end(self, keys: Iterable[Key]) -> None:
        """These run no more, and their reports, if any are due, are in the spool."""
        with self._guard:
            known = [key for key in keys if self._open.pop(key, None) is not None]
            self._append([["end", *key] for key in known])
            if self._lines > REWRITE_AFTER:
                self._shorten()

    def sync(self) -> None:
        """Make all lines durable."""
        with self._guard:
            if self._is_behind:  # nothing else may be said for long
                self._shorten()
            if not self._is_dirty:
                return
            self._is_dirty = False
            try:
                os.fsync(self._file)
            except OSError as wrong:  # some file systems find out this late that they are full
                log.warning("journal_failed", reason=str(wrong))
                self._is_behind = True  # the kernel may have dropped what it could not write

    def _append(self, lines: list[list[object]]) -> None:
        if not lines:
            return
        self._lines += len(lines)
        self._is_dirty = True
        if self._is_behind and self._shorten():  # an end left unsaid would cost a success its outputs in the next life
            return
        content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        if self._is_behind:  # what is written next must not share the line that was cut off
            content = b"\n" + content
        try:
            is_whole = os.write(self._file, content) == len(content)
        except OSError as wrong:  # a full disk must not stop what runs well
            log.warning("journal_failed", reason=str(wrong))
            is_whole = False
        self._is_behind = self._is_behind or not is_whole

    def _shorten(self) -> bool:
        """Begin a file with nothing but what is open; a full disk puts that off (False)."""
        self._lines = 0
        try:
            file = self._rewrite()
        except OSError as wrong:
            log.warning("journal_not_rewritten", reason=str(wrong))
            self._is_behind = True  # it may have been put in the place of the one that is written to
            return False
        os.close(self._file)
        self._file, self._is_behind = file, False
        return True

    def _rewrite(self) -> int:
        entries = self._open.values()
        lines = [["pid", entry.task, entry.seq, entry.pid, entry.birth] for entry in entries]
        write_durably(self._path, b"".join(orjson.dumps(line) + b"\n" for line in lines))
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)


def _take_lock(lock: Path) -> int:
    """The lock's descriptor; the kernel lets go of it when the worker dies, however it dies."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise BusyError(
            f"another worker (process {holder}) uses {lock.parent}: "
            "stop it, or set another FEDROTA_STATE_DIR or FEDROTA_PARTY"
        ) from taken
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def _read(path: Path) -> list[Leftover]:
    """The open entries of a journal; a last line that was cut off by the worker's death is passed over."""
    found: dict[Key, Leftover] = {}
    if not path.exists():
        return []
    for line in filter(None, path.read_bytes().splitlines()):
        try:
            what, task, seq, *process = orjson.loads(line)
        except ValueError:
            log.warning("journal_line_broken", line=line[:80])
            continue
        if what == "end":
            found.pop((task, seq), None)
        else:
            found[task, seq] = Leftover(task, seq, *process)
    return list(found.values())
