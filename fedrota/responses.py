"""From the gateway's replies to values, and from its refusals to errors; no I/O."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import httpx

from fedrota.errors import BY_CODE, ApiError, BrokenReplyError, BusyError, InternalError, Problem
from fedrota.model import LogChunk

T = TypeVar("T")

# What a proxy in between, or another server, means by a status without our error body.
_CODES = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "busy",
    503: "unreachable",
}


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page of a list as it came; `next` is the cursor of the page after it."""

    items: tuple[T, ...]
    next: str | None


def parse_record(kind: type[T], raw: object) -> T:
    """A value of the dataclass `kind` from decoded JSON; fields that this version does not know are ignored."""
    if not isinstance(raw, dict):
        raise BrokenReplyError(f"the gateway sent {_shorten(raw)} where a {kind.__name__} belongs")
    found: dict[str, Any] = {}
    for name, (hint, required) in _shape(cast("Any", kind)).items():
        if raw.get(name) is not None or (required and name in raw):
            found[name] = _convert(hint, raw[name], f"{kind.__name__}.{name}")
        elif required:
            raise BrokenReplyError(
                f"the gateway's {kind.__name__} has no field {name!r}: do its version and this package's fit?"
            )
    return kind(**found)


@cache
def _shape(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Type and necessity of each field."""
    hints = get_type_hints(kind)
    return {
        each.name: (hints[each.name], each.default is MISSING and each.default_factory is MISSING)
        for each in fields(kind)
    }


def _convert(hint: Any, raw: Any, where: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return None if raw is None else _convert(next(arg for arg in args if arg is not NoneType), raw, where)
    if origin is tuple:
        return tuple(_convert(args[0], item, where) for item in _expect(list, raw, where))
    if origin is not None and issubclass(origin, Mapping):
        pairs = _expect(dict, raw, where).items()
        return {key: _convert(args[1], value, where) for key, value in pairs}
    if is_dataclass(hint):
        return parse_record(cast("type[Any]", hint), raw)
    return _convert_scalar(hint, raw, where)


def _convert_scalar(hint: Any, raw: Any, where: str) -> Any:
    if hint is Any:
        return raw
    if hint is datetime:
        return parse_time(_expect(str, raw, where))
    if hint is float:
        return float(_expect((int, float), raw, where))
    if hint is str and isinstance(raw, int):
        return str(raw)
    return _expect(hint, raw, where)


def _expect(kind: Any, raw: Any, where: str) -> Any:
    if not isinstance(raw, kind):
        raise BrokenReplyError(f"the gateway's {where} is {_shorten(raw)}: do its version and this package's fit?")
    return raw


def _shorten(raw: object) -> str:
    text = repr(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."


def parse_time(text: str) -> datetime:
    """An aware time from RFC 3339 text."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BrokenReplyError(f"the gateway sent {text!r} where a time belongs") from error
    if at.tzinfo is None:
        raise BrokenReplyError(f"the gateway sent the time {text!r} without its zone")
    return at


def parse_json(response: httpx.Response) -> Any:
    """The decoded body, whatever it is."""
    try:
        return json.loads(response.content)
    except ValueError as error:
        kind = response.headers.get("content-type", "no content type")
        raise BrokenReplyError(
            f"{response.url} answered with {kind} instead of JSON: is that address a fedrota gateway?"
        ) from error


def one(kind: type[T]) -> Callable[[httpx.Response], T]:
    """The parser of a reply that is one `kind`."""
    return lambda response: parse_record(kind, parse_json(response))


def many(kind: type[T]) -> Callable[[httpx.Response], Slice[T]]:
    """The parser of a reply that is a list of `kind`."""
    return partial(_parse_slice, kind)


def _parse_slice(kind: type[T], response: httpx.Response) -> Slice[T]:
    raw = parse_json(response)
    if not isinstance(raw, dict) or not isinstance(raw.get("items"), list):
        raise BrokenReplyError(f"{response.url} answered with {_shorten(raw)} where a list with 'items' belongs")
    cursor = raw.get("next")
    return Slice(
        items=tuple(parse_record(kind, item) for item in raw["items"]),
        next=None if cursor is None else str(cursor),
    )


def parse_nothing(response: httpx.Response) -> None:
    """For replies whose success says everything."""


def parse_bytes(response: httpx.Response) -> bytes:
    """The body as it is."""
    return response.content


def parse_log(response: httpx.Response) -> LogChunk:
    """A stretch of a log with its place, which the headers tell."""
    content = response.content
    offset = int(response.headers.get("x-log-offset", 0))
    return LogChunk(
        content=content,
        offset=offset,
        size=int(response.headers.get("x-log-size", offset + len(content))),
    )


def check(response: httpx.Response) -> None:
    """Raise the error that a refusal means; the body must have been read."""
    if response.is_success:
        return
    raise parse_refusal(response)


def parse_refusal(response: httpx.Response) -> ApiError:
    """The error in a reply's body, or the nearest one by its status where there is no such body."""
    body = _find_error(response)
    status = response.status_code
    kind = BY_CODE.get(str(body.get("code")), BY_CODE.get(_CODES.get(status, ""), InternalError))
    message = str(body.get("message") or f"{response.url} answered {status} {response.reason_phrase}")
    problems = [_parse_problem(raw) for raw in body.get("problems") or () if isinstance(raw, dict)]
    if kind is BusyError:
        return BusyError(message, status=status, problems=problems, retry_after_s=_parse_pause(response))
    return kind(message, status=status, problems=problems)


def _find_error(response: httpx.Response) -> dict[str, Any]:
    """The `error` object of a refusal, empty where something else than the gateway answered."""
    try:
        raw = json.loads(response.content)
    except ValueError:
        return {}
    error = raw.get("error") if isinstance(raw, dict) else None
    return error if isinstance(error, dict) else {}


def _parse_problem(raw: Mapping[str, Any]) -> Problem:
    return Problem(str(raw.get("where", "")), str(raw.get("message", "")), str(raw.get("hint") or ""))


def _parse_pause(response: httpx.Response) -> float:
    """Seconds of Retry-After; its other form, a date, is taken for one second."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdigit() else 1.0
