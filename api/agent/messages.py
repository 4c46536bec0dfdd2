"""The agent calls' bodies as the protocol's values."""

from dataclasses import replace
from math import isfinite
from typing import Any, Final, TypeVar

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from api.bodies import MalformedBodyError, check_value, parse_json
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.domain.messages import STEPS, Beat, Hello, MetricPoint, SyncRequest

Message = TypeVar("Message")

log: Final = structlog.get_logger()

_HELLO: Final = TypeAdapter(Hello)
_SYNC: Final = TypeAdapter(SyncRequest)
_NUL: Final = b"\\u0000"


def parse_hello(raw: bytes) -> Hello:
    """A worker's hello; InvalidDocumentError where the body is none."""
    check_value(parse_json(raw))
    return _parse(_HELLO, raw)


def parse_sync(raw: bytes) -> SyncRequest:
    """An agent call. What a store cannot keep is replaced, not refused: the worker would send it for ever."""
    request = _parse(_SYNC, raw.replace(_NUL, b"\\ufffd") if _NUL in raw else raw)
    if not all(_can_be_kept(point) for beat in request.beats for point in beat.metrics):
        return replace(request, beats=tuple(map(_drop_points, request.beats)))
    return request


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
