"""One attempt at this party while it runs: what it has told and what of that the gateway knows."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import orjson
import structlog

from scheduler.domain.messages import Assignment, Beat, MetricPoint, Outcome, OutputRef, Report
from workers.executors.base import Ending, Handle
from workers.spool import Key, Record

log = structlog.get_logger(__name__)

POINTS_PER_BEAT: Final = 1_000
POINTS_WAITING: Final = 5_000
SUMMARY_KEYS: Final = 500
SUMMARY_BYTES: Final = 4 << 20
"""As JSON; the gateway takes no call of more than 16 MiB, and a report that it never takes is lost."""
LEVELS_ABOVE: Final = 64
"""What is written inside of so many lists has fewer than 200 levels, which is as many as the gateway reads in all."""
NAME_CHARS: Final = 1_000
"""A curve's name; longer ones could make the points of one beat more than a call may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why an attempt is being ended, and what to report then; `outcome` None: report nothing."""

    outcome: Outcome | None
    kind: str = "stopped"
    message: str = ""


FENCED: Final = Stop(outcome=None)


def make_stop(kind: str) -> Stop:
    """The stop that the gateway asks for: `kind` is how the task is to end (success: it only served the others)."""
    if kind == "success":
        return Stop(outcome="success", kind="")
    outcome: Outcome = "failed" if kind == "failed" else "timeout" if kind == "timeout" else "canceled"
    return Stop(outcome=outcome, message="stopped on request")


class Attempt:
    """The sink of one attempt. The runner's lock guards everything in it."""

    def __init__(
        self,
        assignment: Assignment,
        *,
        changed: threading.Condition,
        on_started: Callable[["Attempt", int, int], None],
        on_ended: Callable[["Attempt", Ending], None],
    ) -> None:
        self.assignment = assignment
        self.key: Key = (assignment.task, assignment.seq)
        self.handle: Handle | None = None
        self.stop: Stop | None = None
        self.successor: Assignment | None = None
        self.last_beat = 0.0
        self.has_news = False
        self._changed = changed
        self._on_started = on_started
        self._on_ended = on_ended
        self._progress: float | None = None
        self._summary: dict[str, Any] = {}
        self._points: list[MetricPoint] = []
        self._batch = 0
        self._sent = 0
        """How many of the first points are batch `_batch`, which is not answered yet."""

    def started(self, pid: int, birth: int = 0) -> None:
        """The attempt has a process."""
        self._on_started(self, pid, birth)

    def progressed(self, fraction: float) -> None:
        """The attempt is so far."""
        with self._changed:
            self._progress = fraction
            self._note_news()

    def measured(self, points: tuple[MetricPoint, ...]) -> None:
        """New points of its curves."""
        kept = [point for point in points if len(point.name) <= NAME_CHARS]
        if len(kept) < len(points):
            log.warning("metrics_dropped", task=self.key[0], count=len(points) - len(kept), reason="too long a name")
        with self._changed:
            self._points += kept
            self._note_news()

    def _note_news(self) -> None:
        if not self.has_news:
            self.has_news = True
            self._changed.notify_all()

    def summed(self, values: Mapping[str, Any]) -> None:
        """New figures of its summary."""
        with self._changed:
            self._summary |= values
            for surplus in list(self._summary)[SUMMARY_KEYS:]:
                del self._summary[surplus]

    def is_full(self) -> bool:
        """Whether too many points wait."""
        return len(self._points) > POINTS_WAITING

    def ended(self, ending: Ending) -> None:
        """The attempt is over."""
        self._on_ended(self, ending)

    def make_beat(self, now: float) -> Beat:
        """The beat that is due; the points of an unanswered one are in it again under their old number."""
        self.last_beat = now
        self.has_news = False
        if not self._sent and self._points:
            self._batch += 1
            self._sent = min(len(self._points), POINTS_PER_BEAT)
        return Beat(
            task=self.key[0],
            seq=self.key[1],
            progress=self._progress,
            log_size=self.handle.log_size() if self.handle else 0,
            batch=self._batch,
            metrics=tuple(islice(self._points, self._sent)),
        )

    def confirm(self, batch: int) -> None:
        """The gateway has stored the points up to this batch."""
        if self._sent and batch >= self._batch:
            del self._points[: self._sent]
            self._sent = 0
        self.has_news = self.has_news or bool(self._points)

    def make_record(self, ending: Ending) -> Record:
        """What is left to tell now that the attempt is over."""
        stop = self.stop if ending.outcome != "success" else None
        report = Report(
            task=self.key[0],
            seq=self.key[1],
            outcome=(stop.outcome or "canceled") if stop else ending.outcome,
            kind=stop.kind if stop else ending.kind,
            message=stop.message if stop else ending.message,
            detail="" if stop else ending.detail,
            outputs=tuple(map(self._lighten, ending.outputs)),
            summary=self._fit(self._summary),
            log_size=ending.log_size,
        )
        batch = self._batch if self._sent else self._batch + 1
        return Record(report=report, batch=batch if self._points else 0, sent=self._sent, metrics=tuple(self._points))

    def _lighten(self, output: OutputRef) -> OutputRef:
        return replace(output, facts=self._fit(output.facts)) if output.facts else output

    def _fit(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """What of it a call can carry: neither nested too deeply nor too long."""
        if not document or 0 < _count_bytes(document) <= SUMMARY_BYTES:
            return document
        kept: dict[str, Any] = {}
        room = SUMMARY_BYTES
        for name, value in document.items():
            size = _count_bytes({name: value})
            if 0 < size <= room:
                kept[name] = value
                room -= size
        log.warning(
            "figures_dropped", task=self.key[0], names=[name[:100] for name in document if name not in kept][:10]
        )
        return kept


def _count_bytes(document: Mapping[str, Any]) -> int:
    """Its length as JSON; 0 where it has too many levels."""
    nested: Any = document
    for _ in range(LEVELS_ABOVE):
        nested = [nested]
    try:
        return len(orjson.dumps(nested))
    except TypeError:
        return 0
