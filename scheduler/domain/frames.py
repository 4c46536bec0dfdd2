"""The party channel's frames: one WebSocket carries calls, streams and exchange between party and gateway.

Each WebSocket message is binary: a 4-byte big-endian header length, the header as JSON, then the payload.
The header's `t` names the frame's kind:

| t      | header beside t               | payload | meaning                                                           |
| ------ | ----------------------------- | ------- | ----------------------------------------------------------------- |
| call   | id, op, args                  | -       | the gateway asks the party to do `op`                             |
| head   | id                            | JSON    | the answer to a call whose body follows in chunks                 |
| reply  | id, ok, code+error if not ok  | JSON    | the answer; ends the call and its streams                         |
| chunk  | id, n, last                   | bytes   | piece `n` (from 0) of the call's body, in either direction        |
| credit | id, n                         | -       | the receiver of chunks takes `n` bytes beyond CALL_WINDOW_BYTES   |
| cancel | id                            | -       | gateway to party: nobody waits for this call any more             |
| knock  | tasks                         | -       | gateway to party, where Redis cannot be reached                   |
| stop   | task, seq, kind               | -       | gateway to party: end this task now                               |
| xfer   | src, dst, k, ...              | bytes   | party to party: an exchange frame between two tasks of a step     |
| gone   | src, dst, code, reason        | -       | gateway to party: the frame from `src` to `dst` was not delivered |

An exchange frame's kind `k` is hs (handshake: payload signed, not encrypted), d (numbered piece `n` of the
stream from src to dst, encrypted), c (note `n` such as an acknowledgement, encrypted) or none (the party's
worker does not know the task `src`). A gone frame's code is one of the GONE_ constants.
"""

import json
import re
import struct
from collections.abc import Mapping
from typing import Any, Final

from scheduler.domain.errors import (
    BusyError,
    ConflictError,
    FedrotaError,
    ForbiddenError,
    InvalidDocumentError,
    NotFoundError,
    Problem,
    TooLargeError,
)

CHUNK_BYTES: Final = 1 << 20
WINDOW_BYTES: Final = 8 << 20
CALL_CHUNK_BYTES: Final = 256 << 10
CALL_WINDOW_BYTES: Final = 4 << 20
MAX_FRAME_BYTES: Final = CHUNK_BYTES + (64 << 10)

MAX_HEADER_BYTES: Final = 48 << 10

GONE_OFFLINE: Final = "offline"
"""The peer's party is not connected; trying again later may help."""
GONE_BUSY: Final = "busy"
"""The way to the peer is full; send the frame again in a moment."""
GONE_OVER: Final = "over"
"""The step's attempt has ended, or there is no such task."""
GONE_FORBIDDEN: Final = "forbidden"
"""The two tasks are not members of one attempt, or the sender is not at this party."""

CLOSE_REPLACED: Final = 4001
"""Close code: another worker of the same party has connected."""
CLOSE_BAD_FRAME: Final = 4002
"""Close code: what came was no frame, or one that the channel does not know."""
CLOSE_TOO_SLOW: Final = 4003
"""Close code: the party did not take what was sent to it."""
CLOSE_UNWELCOME: Final = 4004
"""Close code: the worker's token has been revoked or has expired."""

_LENGTH: Final = struct.Struct(">I")
_TASK_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_SIMPLE: Final = {kind.code: kind for kind in (ConflictError, ForbiddenError, TooLargeError)}


class FrameError(ValueError):
    """The bytes are no frame."""


def pack(header: dict[str, Any], payload: bytes | memoryview = b"") -> bytes:
    """One frame as the bytes of one WebSocket message."""
    head = json.dumps(header, separators=(",", ":")).encode()
    return b"".join((_LENGTH.pack(len(head)), head, payload))


def unpack(message: bytes) -> tuple[dict[str, Any], memoryview]:
    """The header and the payload of one WebSocket message; FrameError where it is none."""
    if len(message) < _LENGTH.size:
        raise FrameError("shorter than a frame's length field")
    (size,) = _LENGTH.unpack_from(message)
    end = _LENGTH.size + size
    if size > MAX_HEADER_BYTES:
        raise FrameError("the header is too long")
    if end > len(message):
        raise FrameError("the header is cut off")
    try:
        header = json.loads(message[_LENGTH.size : end])
    except (ValueError, RecursionError) as wrong:
        raise FrameError("the header is not JSON") from wrong
    if not isinstance(header, dict) or not isinstance(header.get("t"), str):
        raise FrameError("the header is not an object with a kind 't'")
    return header, memoryview(message)[end:]


def read_text(header: Mapping[str, Any], key: str) -> str:
    """The text under `key`; FrameError where there is none."""
    value = header.get(key)
    if not isinstance(value, str):
        raise FrameError(f"{key!r} is not a text")
    return value


def read_number(header: Mapping[str, Any], key: str) -> int:
    """The whole number >= 0 under `key`; FrameError where there is none."""
    value = header.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise FrameError(f"{key!r} is not a number")
    return value


def read_task(header: Mapping[str, Any], key: str) -> str:
    """The task id under `key`; FrameError where it cannot be one."""
    value = read_text(header, key)
    if not _TASK_ID.fullmatch(value):
        raise FrameError(f"{key!r} is no task id")
    return value


def render_failure(error: FedrotaError) -> dict[str, Any]:
    """The part of a reply that says why a call failed."""
    failure: dict[str, Any] = {"ok": False, "code": error.code, "error": error.message}
    if isinstance(error, InvalidDocumentError):
        failure["problems"] = [[item.where, item.message, item.hint] for item in error.problems]
    if isinstance(error, NotFoundError):
        failure["subject"] = [error.kind, error.identity]
    return failure


def parse_failure(header: Mapping[str, Any]) -> FedrotaError:
    """The error that a reply carries; an unknown code becomes a plain FedrotaError."""
    message = _read_words(header.get("error", ""), 4000) or "the party gave no reason"
    code = header.get("code")
    if code == InvalidDocumentError.code:
        return InvalidDocumentError(*_parse_problems(header.get("problems"), message))
    if code == NotFoundError.code:
        subject = header.get("subject")
        if isinstance(subject, list) and len(subject) == 2:
            return NotFoundError(_read_words(subject[0], 200), _read_words(subject[1], 400))
    if code == BusyError.code:
        return BusyError(message)
    return _SIMPLE.get(str(code), FedrotaError)(message)


def _parse_problems(found: object, message: str) -> list[Problem]:
    """The problems a reply lists, or one made of its text; at most 20."""
    rows = [row for row in found if isinstance(row, list)] if isinstance(found, list) else []
    problems = [Problem(*map(_read_words, row, (400, 1000, 1000))) for row in rows[:20] if len(row) == 3]
    return problems or [Problem(where="request", message=message)]


def _read_words(found: object, length: int) -> str:
    """Text of the party that any answer can hold: JSON lets halves of characters through."""
    return str(found)[:length].encode(errors="replace").decode()
