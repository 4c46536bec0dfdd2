"""The agent calls' bodies as the protocol's values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Final, TypeVar

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from api.bodies import MalformedBodyError, check_value, parse_json
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.domain.messages import STEPS, Beat, Claim, Hello, MetricPoint, OutputRef, Report, SyncRequest

Message = TypeVar("Message")

log: Final = structlog.get_logger()

_HELLO: Final = TypeAdapter(Hello)
_SYNC: Final = TypeAdapter(SyncRequest)
_NUL: Final = b"\\u0000"
_SEQS: Final = range(1 << 31)
"""Numbers of dispatches and batches that every store can keep."""
_SIZES: Final = range(1 << 53)
"""Sizes that every reader of JSON understands exactly."""
_NEVER: Final = 253_402_300_800
"""The first second that is no date, in epoch seconds."""
MAX_NAME: Final = 512
"""Characters of an output's or a component's name: it is a part of a key, and PostgreSQL's are short."""
KIND_CHARS: Final = 100
MESSAGE_CHARS: Final = 10_000
"""A task's reason stands in its step, its job and their events, and so in every list of jobs; our worker's has a tenth."""
DETAIL_CHARS: Final = 256 << 10
MAX_ITEMS: Final = 4096
"""Claims, reports and beats of one call; our worker sends far fewer."""
MAX_REPEATS: Final = 16
"""Items of a call that name a task once more: each costs a turn of its own in the transaction that all parties share."""


def parse_hello(raw: bytes) -> Hello:
    """A worker's hello; InvalidDocumentError where the body is none, or has what no store can keep."""
    check_value(parse_json(raw))
    hello = _parse(_HELLO, raw)
    if hello.slots not in _SEQS:
        raise InvalidDocumentError(Problem("slots", f"must be from 0 to {_SEQS.stop - 1}"))
    for number, offer in enumerate(hello.components):
        if len(offer.name) > MAX_NAME:
            raise InvalidDocumentError(Problem(f"components.{number}.name", f"is longer than {MAX_NAME} characters"))
    offered = ((f"components.{number}.params", offer.params) for number, offer in enumerate(hello.components))
    for where, document in (("facts", hello.facts), *offered):
        if not _can_be_written(document):
            raise InvalidDocumentError(Problem(where, "has integers beyond 64 bits, or is nested too deeply"))
    return hello


def parse_sync(raw: bytes) -> SyncRequest:
    """An agent call. What a store cannot keep is replaced, not refused: the worker would send it for ever.

    InvalidDocumentError where it is none, or so large that others would wait for it: its worker sends less at once then.
    """
    request = _parse(_SYNC, raw.replace(_NUL, b"\\ufffd") if _NUL in raw else raw)
    _check_size(request)
    is_sound = (
        all(claim.seq in _SEQS for claim in request.claims)
        and all(map(_is_sound_report, request.reports))
        and all(map(_is_sound_beat, request.beats))
    )
    if is_sound:
        return request
    return replace(
        request,
        claims=tuple(Claim(claim.task, _clean_seq(claim.seq)) for claim in request.claims),
        reports=tuple(report if _is_sound_report(report) else _clean_report(report) for report in request.reports),
        beats=tuple(beat if _is_sound_beat(beat) else _clean_beat(beat) for beat in request.beats),
    )


def _check_size(request: SyncRequest) -> None:
    kinds: tuple[Sequence[Claim | Report | Beat], ...] = (request.claims, request.reports, request.beats)
    if sum(map(len, kinds)) > MAX_ITEMS:
        raise InvalidDocumentError(Problem("body", f"has more than {MAX_ITEMS} claims, reports and beats."))
    for items in kinds:
        if len(items) - len({item.task for item in items}) > MAX_REPEATS:
            raise InvalidDocumentError(Problem("body", f"names tasks again and again, more than {MAX_REPEATS} times."))


def _is_sound_report(report: Report) -> bool:
    return (
        report.seq in _SEQS
        and report.log_size in _SIZES
        and len(report.kind) <= KIND_CHARS
        and len(report.message) <= MESSAGE_CHARS
        and len(report.detail) <= DETAIL_CHARS
        and _can_be_written(report.summary)
        and all(map(_is_sound_output, report.outputs))
        and len({output.name for output in report.outputs}) == len(report.outputs)
    )


def _is_sound_output(output: OutputRef) -> bool:
    return output.size in _SIZES and len(output.name) <= MAX_NAME and _can_be_written(output.facts)


def _is_sound_beat(beat: Beat) -> bool:
    return (
        beat.seq in _SEQS
        and beat.batch in _SEQS
        and beat.log_size in _SIZES
        and (beat.progress is None or 0 <= beat.progress <= 1)
        and all(map(_can_be_kept, beat.metrics))
    )


def _can_be_kept(point: MetricPoint) -> bool:
    return isfinite(point.value) and point.step in STEPS and 0 <= point.at < _NEVER


def _can_be_written(document: Mapping[str, Any]) -> bool:
    """Whether it has neither integers beyond 64 bits nor a thousand levels."""
    try:
        return not document or bool(orjson.dumps(document))
    except TypeError:
        return False


def _clean_report(report: Report) -> Report:
    outputs = {
        output.name: replace(output, size=_clamp(output.size, _SIZES), facts=_clean_document(report.task, output.facts))
        for output in report.outputs
        if len(output.name) <= MAX_NAME
    }
    if len(outputs) < len(report.outputs):
        reason = f"a later one has the same name, or the name is longer than {MAX_NAME} characters"
        log.warning("outputs_dropped", task=report.task, reason=reason)
    return replace(
        report,
        seq=_clean_seq(report.seq),
        kind=report.kind[:KIND_CHARS],
        message=report.message[:MESSAGE_CHARS],
        detail=report.detail[-DETAIL_CHARS:],
        log_size=_clamp(report.log_size, _SIZES),
        summary=_clean_document(report.task, report.summary),
        outputs=tuple(outputs.values()),
    )


def _clean_beat(beat: Beat) -> Beat:
    kept = tuple(filter(_can_be_kept, beat.metrics))
    if len(kept) < len(beat.metrics):
        reason = "not finite, at a step beyond 64 bits, or at no date"
        log.warning("metrics_dropped", task=beat.task, count=len(beat.metrics) - len(kept), reason=reason)
    progress = beat.progress
    return replace(
        beat,
        seq=_clean_seq(beat.seq),
        progress=None if progress is None or not isfinite(progress) else min(max(progress, 0.0), 1.0),
        log_size=_clamp(beat.log_size, _SIZES),
        batch=_clamp(beat.batch, _SEQS),
        metrics=kept,
    )


def _clamp(number: int, those: range) -> int:
    """The number itself, or the nearest that can be stored."""
    return min(max(number, those.start), those.stop - 1)


def _clean_seq(seq: int) -> int:
    """The number itself, or one that no dispatch has."""
    return seq if seq in _SEQS else -1


def _clean_document(task: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document, or an empty one."""
    if _can_be_written(document):
        return document
    log.warning("document_dropped", task=task, reason="integers beyond 64 bits, or nested too deeply")
    return {}


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
