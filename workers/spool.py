"""Reports that the gateway has not yet answered, on disk: none is lost when the worker is killed."""

import errno
import itertools
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson
import structlog

from scheduler.domain.messages import MetricPoint, Report
from scheduler.domain.values import valueclass
from workers.agent_messages import parse_report
from workers.workdir import sync_folder

log = structlog.get_logger(__name__)

Key = tuple[str, int]
"""Which attempt at this party: its task and dispatch number."""

ROTATE_BYTES: Final = 4 << 20


@valueclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A report and the metrics that must be stored before it; `batch` numbers the first of them, 0: there are none.

    The first `sent` were sent as this batch before: they may be stored already, so nothing may join them.
    """

    report: Report
    batch: int = 0
    sent: int = 0
    metrics: tuple[MetricPoint, ...] = ()

    @property
    def key(self) -> Key:
        """Which attempt this is about."""
        return self.report.task, self.report.seq


class Spool:
    """Files of lines, each with the records of one group: one fsync for all that ended together.

    A file is emptied when all its reports are answered; a new one begins where it has grown large.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._prefix = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._file_of: dict[Key, Path] = {}
        self._open: dict[Path, int] = {}
        self._current: Path | None = None
        self._handle = -1
        self._size = 0
        self._guard = threading.RLock()

    def write(self, records: Sequence[Record]) -> bool:
        """Keep `records` for good; False where the disk does not take them: they are to be sent all the same."""
        line = orjson.dumps(records) + b"\n"
        with self._guard:
            try:
                file = self._append(line)
            except OSError as wrong:
                log.warning("spool_failed", reason=str(wrong), reports=len(records))
                self.close()
                return False
            self._note(file, [record.key for record in records])
        return True

    def _append(self, line: bytes) -> Path:
        """The file that has the line for good."""
        file = self._open_file()
        if os.write(self._handle, line) < len(line):
            raise OSError(errno.ENOSPC, "the disk took only a part")
        os.fsync(self._handle)
        self._size += len(line)
        return file

    def _open_file(self) -> Path:
        """The file to append to, whose name is durable."""
        if self._current is None or self._size > ROTATE_BYTES:
            self.close()
            file = self._folder / f"{self._prefix}-{next(self._numbers):08d}.json"
            self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._current, self._size = file, 0
            sync_folder(self._folder)
        return self._current

    def close(self) -> None:
        """Append no more to the present file; it goes when its reports are answered."""
        if self._handle >= 0:
            os.close(self._handle)
        if self._current is not None and self._current not in self._open:
            self._current.unlink(missing_ok=True)
        self._current, self._handle = None, -1

    def forget(self, key: Key) -> None:
        """The gateway has answered this report."""
        with self._guard:
            file = self._file_of.pop(key, None)
            if file is not None:
                self._count_off(file)

    def _count_off(self, file: Path) -> None:
        self._open[file] -= 1
        if self._open[file]:
            return
        del self._open[file]
        if file == self._current:
            os.ftruncate(self._handle, 0)
            self._size = 0
        else:
            file.unlink(missing_ok=True)

    def load(self) -> list[Record]:
        """What a former life left, oldest first; a file that cannot be read is set aside with a word."""
        found: list[Record] = []
        for file in sorted(self._folder.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
            records, rest = _read(file)
            if rest:
                log.warning("spool_file_broken", file=file.name, reason="a line is no list of records", size=len(rest))
                file.with_suffix(".broken").write_bytes(rest)
            self._note(file, [record.key for record in records])
            found += records
            if not records:
                file.unlink()
        return found

    def _note(self, file: Path, keys: Sequence[Key]) -> None:
        for key in keys:
            older = self._file_of.get(key)
            self._file_of[key] = file
            self._open[file] = self._open.get(file, 0) + 1
            if older is not None:
                self._count_off(older)


def _read(file: Path) -> tuple[list[Record], bytes]:
    """The file's records, and what follows them that is none: a line that a power cut has torn was never safe."""
    found: list[Record] = []
    content = file.read_bytes()
    for line in content.splitlines(keepends=True):
        try:
            found += [_parse(value) for value in orjson.loads(line)]
        except (ValueError, TypeError, KeyError):
            break
        content = content[len(line) :]
    return found, content


def _parse(value: dict[str, object]) -> Record:
    metrics = tuple(MetricPoint(**point) for point in value["metrics"])  # type: ignore[attr-defined]
    batch, sent = int(str(value["batch"])), int(str(value.get("sent", 0)))
    return Record(report=parse_report(value["report"]), batch=batch, sent=sent, metrics=metrics)  # type: ignore[arg-type]
