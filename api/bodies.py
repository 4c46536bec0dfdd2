"""Request bodies: read within limits, turned into JSON values in which nothing is ambiguous."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from typing import Any, Final, TypeVar

import orjson
from aiohttp import web

from scheduler.domain.errors import InvalidDocumentError, Problem, TooLargeError

MAX_JSON_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32
BODY_IDLE_S: Final = 60.0
_BODY: Final = web.RequestKey("body", bytes)

Result = TypeVar("Result")


class MalformedBodyError(InvalidDocumentError):
    """The body is no JSON (or YAML) at all."""


async def read_bytes(request: web.Request, limit: int = MAX_JSON_BYTES) -> bytes:
    """The whole body; TooLargeError where it is longer than `limit`, RequestPayloadError where it stops coming."""
    if request.content_length is not None and request.content_length > limit:
        raise too_large(limit)
    raw = request.get(_BODY)
    if raw is None and request.content.is_eof():
        raw = await request.read()
    elif raw is None:
        raw = request[_BODY] = await _gather(request, limit)
    if len(raw) > limit:
        raise too_large(limit)
    return raw


async def _gather(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    async for piece in read_pieces(request, limit):
        body += piece
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


async def read_pieces(request: web.Request, most: int) -> AsyncIterator[bytes]:
    """The body as it comes, in pieces of `most` bytes at most; RequestPayloadError where it stops coming."""
    while piece := await wait_for_body(request.content.read(most)):
        yield piece


async def wait_for_body(step: Awaitable[Result]) -> Result:
    """What a step of reading a body gives; RequestPayloadError where nothing comes for BODY_IDLE_S.

    aiohttp says nothing to whoever reads where chunks are garbled that come after the head.
    """
    try:
        async with asyncio.timeout(BODY_IDLE_S):
            return await step
    except TimeoutError as wrong:
        raise web.RequestPayloadError(f"nothing came for {BODY_IDLE_S:g} s") from wrong


def too_large(limit: int) -> TooLargeError:
    """The refusal of a body longer than `limit` bytes."""
    return TooLargeError(f"the body is larger than the limit of {limit} bytes: send less, data belongs into tables")


def parse_json(raw: bytes) -> Any:
    """The JSON value of a body; MalformedBodyError where it is none, InvalidDocumentError where it cannot be kept."""
    try:
        value = orjson.loads(raw)
        if b"\\u0000" in raw or raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
            check_value(value)  # first: what lies too deep cannot be written to look for repeated keys
        if _may_repeat_keys(raw, value):
            # The fast parser keeps the last of two equal keys; this one sees both.
            json.loads(raw, object_pairs_hook=_refuse_repeats)
    except (ValueError, RecursionError) as wrong:
        raise _malformed(raw, wrong) from wrong
    return value


def read_json(raw: bytes) -> Any:
    """The JSON value that a party sends; ValueError where it is none, or one that no answer of ours could hold.

    That is text with halves of characters, and what is nested too deeply.
    """
    value = orjson.loads(raw)
    try:
        orjson.dumps(value)
    except TypeError as wrong:
        raise ValueError(str(wrong)) from wrong
    return value


def _malformed(raw: bytes, wrong: Exception) -> InvalidDocumentError:
    try:
        raw.decode()
    except UnicodeDecodeError as bad:
        return MalformedBodyError(Problem("body", f"byte {bad.start} is not UTF-8 text", "Send the body as UTF-8."))
    if not raw.strip():
        return MalformedBodyError(Problem("body", "is empty", "Send a JSON object."))
    if "depth" in str(wrong):
        return InvalidDocumentError(_too_deep("body"))
    if "infinity" in str(wrong) or any(word in raw for word in (b"NaN", b"Infinity")):
        return MalformedBodyError(
            Problem(
                "body", f"is not JSON: {wrong}", "JSON has no NaN and no infinite numbers: leave them out or use null."
            )
        )
    return MalformedBodyError(Problem("body", f"is not JSON: {wrong}"))


def _may_repeat_keys(raw: bytes, value: Any) -> bool:
    """Whether an object of `raw` may have a key twice: then it has more colons than what was made of it.

    A colon that is written as an escape would hide one, so texts with escapes by number count as suspicious.
    """
    return b"\\u00" in raw or raw.count(b":") != orjson.dumps(value).count(b":")


class RepeatedKeyError(ValueError):
    """An object has the same key twice."""


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise RepeatedKeyError(f"the key {repeated!r} stands twice in one object")
    return found


def check_value(value: Any) -> None:
    """InvalidDocumentError where something lies too deep or cannot be stored."""
    if _is_sound(value, 1):
        return
    for where, found, depth in _walk(value, "", 1):
        if depth > MAX_DEPTH:
            raise InvalidDocumentError(_too_deep(where))
        if isinstance(found, str) and "\0" in found:
            raise InvalidDocumentError(Problem(where or "body", "a text holds a NUL character", "Take it out."))


def _is_sound(value: Any, depth: int) -> bool:
    """Whether nothing is wrong; places are found only for what is."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, list):
        return depth <= MAX_DEPTH and all(_is_sound(item, depth + 1) for item in value)
    if isinstance(value, Mapping):
        return depth <= MAX_DEPTH and all(_is_sound(key, 1) and _is_sound(value[key], depth + 1) for key in value)
    return True


def _too_deep(where: str) -> Problem:
    return Problem(where, f"lies deeper than {MAX_DEPTH} levels", "Make it flatter.")


def _walk(value: Any, where: str, depth: int) -> Iterator[tuple[str, Any, int]]:
    """Every value and every key with its place and depth; nothing below what is too deep."""
    yield where, value, depth
    if depth > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            place = f"{where}.{key}" if where else str(key)
            yield place, key, depth
            yield from _walk(item, place, depth + (1 if isinstance(item, (Mapping, list)) else 0))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            place = f"{where}.{position}" if where else str(position)
            yield from _walk(item, place, depth + (1 if isinstance(item, (Mapping, list)) else 0))
