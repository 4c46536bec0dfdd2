"""The agent calls' bodies as the protocol's values."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, Final, TypeVar

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from api.bodies import MalformedBodyError, check_value, parse_json
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.domain.messages import STEPS, Beat, Claim, Hello, MetricPoint, Report, SyncRequest

Message = TypeVar("Message")

log: Final = structlog.get_logger()

_HELLO: Final = TypeAdapter(Hello)
_SYNC: Final = TypeAdapter(SyncRequest)
_NUL: Final = b"\\u0000"
_MAX_SEQ: Final = (1 << 31) - 1
"""The largest number of a dispatch or batch that every store can keep."""
_MAX_NUMBER: Final = (1 << 53) - 1
"""The largest size that every reader of JSON understands exactly."""


def parse_hello(raw: bytes) -> Hello:
    """A worker's hello; InvalidDocumentError where the body is none."""
    check_value(parse_json(raw))
    hello = _parse(_HELLO, raw)
    if not 0 <= hello.slots <= _MAX_SEQ:
        raise InvalidDocumentError(Problem("slots", f"must be from 0 to {_MAX_SEQ}"))
    for field, document in (("facts", hello.facts), *((offer.name, offer.params) for offer in hello.components)):
        try:
            orjson.dumps(document)
        except TypeError as wrong:
            raise InvalidDocumentError(Problem(field, f"cannot be kept: {wrong}")) from wrong
    return hello


def parse_sync(raw: bytes) -> SyncRequest:
    """An agent call. What a store cannot keep is replaced, not refused: the worker would send it for ever."""
    request = _parse(_SYNC, raw.replace(_NUL, b"\\ufffd") if _NUL in raw else raw)
    return replace(
        request,
        claims=tuple(Claim(item.task, _clean_seq(item.seq)) for item in request.claims),
        reports=tuple(map(_clean_report, request.reports)),
        beats=tuple(map(_clean_beat, request.beats)),
    )


def _clamp(number: int, top: int = _MAX_NUMBER) -> int:
    """The number itself, or the nearest that can be stored."""
    return min(max(number, 0), top)


def _clean_seq(seq: int) -> int:
    """The number itself, or one that no dispatch has."""
    return seq if 0 <= seq <= _MAX_SEQ else -1


def _clean_report(report: Report) -> Report:
    outputs = {
        output.name: replace(output, size=_clamp(output.size), facts=_clean_document(report.task, output.facts))
        for output in report.outputs
    }
    if len(outputs) < len(report.outputs):
        log.warning("outputs_dropped", task=report.task, reason="a later one has the same name")
    return replace(
        report,
        seq=_clean_seq(report.seq),
        log_size=_clamp(report.log_size),
        summary=_clean_document(report.task, report.summary),
        outputs=tuple(outputs.values()),
    )


def _clean_document(task: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document, or an empty one where it has integers beyond 64 bits or is nested too deeply."""
    try:
        if document:
            orjson.dumps(document)
    except TypeError as wrong:
        log.warning("document_dropped", task=task, reason=str(wrong))
        return {}
    return document


def _clean_beat(beat: Beat) -> Beat:
    progress = beat.progress
    if progress is not None:
        progress = min(max(progress, 0.0), 1.0) if isfinite(progress) else None
    is_kept = all(map(_can_be_kept, beat.metrics))
    cleaned = beat if is_kept else _drop_points(beat)
    return replace(
        cleaned,
        seq=_clean_seq(beat.seq),
        progress=progress,
        log_size=_clamp(beat.log_size),
        batch=_clamp(beat.batch, _MAX_SEQ),
    )


def _can_be_kept(point: MetricPoint) -> bool:
    return isfinite(point.value) and point.step in STEPS


def _drop_points(beat: Beat) -> Beat:
    kept = tuple(point for point in beat.metrics if _can_be_kept(point))
    if len(kept) < len(beat.metrics):
        reason = "not finite, or at a step beyond 64 bits"
        log.warning("metrics_dropped", task=beat.task, count=len(beat.metrics) - len(kept), reason=reason)
    return replace(beat, metrics=kept)


def _parse(adapter: TypeAdapter[Message], raw: bytes) -> Message:
    try:
        return adapter.validate_json(raw, strict=True)
    except ValidationError as wrong:
        raise _make_error(wrong) from wrong


def _make_error(wrong: ValidationError) -> InvalidDocumentError:
    details: list[Any] = list(wrong.errors(include_url=False, include_input=False, include_context=False))[:10]
    problems = [Problem(".".join(map(str, item["loc"])) or "body", item["msg"]) for item in details]
    is_malformed = any(item["type"] == "json_invalid" for item in details)
    return MalformedBodyError(*problems) if is_malformed else InvalidDocumentError(*problems)


def render(message: Any) -> bytes:
    """An answer of the protocol as JSON."""
    return orjson.dumps(message)
