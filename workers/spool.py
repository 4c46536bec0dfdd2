"""Reports that the gateway has not yet answered, on disk: none is lost when the worker is killed."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog

from scheduler.domain.messages import MetricPoint, Report
from workers.wire import parse_report
from workers.workdir import write_durably

log = structlog.get_logger(__name__)

Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """A folder of files, each with the records of one group: one fsync for all that ended together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._prefix = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._file_of: dict[Key, Path] = {}
        self._open: dict[Path, int] = {}

    def write(self, records: Sequence[Record]) -> bool:
        """Keep `records` for good; False where the disk does not take them: they are to be sent all the same."""
        file = self._folder / f"{self._prefix}-{next(self._numbers):08d}.json"
        try:
            write_durably(file, orjson.dumps(records))
        except OSError as wrong:
            log.warning("spool_failed", reason=str(wrong), reports=len(records))
            return False
        self._note(file, [record.key for record in records])
        return True

    def forget(self, key: Key) -> None:
        """The gateway has answered this report."""
        file = self._file_of.pop(key, None)
        if file is None:
            return
        self._open[file] -= 1
        if not self._open[file]:
            del self._open[file]
            file.unlink(missing_ok=True)

    def load(self) -> list[Record]:
        """What a former life left, oldest first; a file that cannot be read is set aside with a word."""
        found: list[Record] = []
        for file in sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns):
            try:
                records = [_parse(value) for value in orjson.loads(file.read_bytes())]
            except (OSError, ValueError, TypeError, KeyError) as wrong:
                log.warning("spool_file_broken", file=file.name, reason=str(wrong))
                file.replace(file.with_suffix(".broken"))
                continue
            self._note(file, [record.key for record in records])
            found += records
        return found

    def _note(self, file: Path, keys: Sequence[Key]) -> None:
        for key in keys:
            self.forget(key)
            self._file_of[key] = file
            self._open[file] = self._open.get(file, 0) + 1


def _parse(value: dict[str, object]) -> Record:
    metrics = tuple(MetricPoint(**point) for point in value["metrics"])  # type: ignore[attr-defined]
    batch, sent = int(str(value["batch"])), int(str(value.get("sent", 0)))
    return Record(report=parse_report(value["report"]), batch=batch, sent=sent, metrics=metrics)  # type: ignore[arg-type]
