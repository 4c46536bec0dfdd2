"""What a command tells while it runs: JSON lines in the file that FEDROTA_METRICS names.

`{"name": "loss", "value": 0.3, "step": 2}` is a point of a curve (step may be missing),
`{"progress": 0.5}` says how far it is, `{"summary": {...}}` adds figures to its summary.
"""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from scheduler.domain.messages import STEPS, MetricPoint
from workers.executors.base import Sink

_READ: Final = 1 << 18
_LINE: Final = 1 << 16
_LAST: Final = 16 << 20
"""So many bytes are still read once the command has ended."""


class NewsFile:
    """Reads the file's new lines; what is no news in it is counted and passed over."""

    def __init__(self, path: Path, sink: Sink) -> None:
        self._path = path
        self._sink = sink
        self._offset = 0
        self._rest = b""
        self.refused = 0

    def read(self) -> None:
        """Pass on whole lines that are new."""
        while not self._sink.is_full() and self._read_piece():
            continue

    def read_rest(self) -> None:
        """The command has ended: nobody is left to slow down, so pass on all that it wrote, up to a limit."""
        end = self._offset + _LAST
        while self._offset < end and self._read_piece():
            continue
        rest, self._rest = self._rest, b""
        last = self._take(rest)  # a last line may have no line feed
        if last is not None:
            self._sink.measured((last,))

    def _read_piece(self) -> bool:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                piece = file.read(_READ)
        except OSError:
            return False  # not written yet
        self._offset += len(piece)
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LINE:
            self._rest = b""
            self.refused += 1
        points = [point for point in map(self._take, lines) if point is not None]
        if points:
            self._sink.measured(tuple(points))
        return bool(piece)

    def _take(self, line: bytes) -> MetricPoint | None:
        if not line.strip():
            return None
        try:
            news = orjson.loads(line)
            return self._take_object(news)
        except (ValueError, TypeError, KeyError, OverflowError):
            self.refused += 1
            return None

    def _take_object(self, news: Mapping[str, Any]) -> MetricPoint | None:
        if "progress" in news:
            self._sink.progressed(min(1.0, max(0.0, float(news["progress"]))))
            return None
        if "summary" in news:
            self._sink.summed({**news["summary"]})  # a list of pairs is none: its keys may be no texts
            return None
        value = float(news["value"])
        if not math.isfinite(value):
            raise ValueError("not finite")
        step = -1 if news.get("step") is None else int(news["step"])
        if step not in STEPS:
            raise ValueError("beyond 64 bits")
        return MetricPoint(str(news["name"]), step, value, time.time())
