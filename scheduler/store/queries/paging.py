"""Pages by key: a cursor names the last item seen, so a page costs the same however far back it lies."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson

from scheduler.domain.errors import InvalidDocumentError, Problem

Item = TypeVar("Item")
Row = TypeVar("Row")


LAST_TIME: Final = 253_402_300_800.0
LAST_ID: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, and the cursor of the next page where there is one."""

    items: list[Item]
    next: str | None


def make_page(
    rows: Sequence[Row], limit: int, view: Callable[[Row], Item], key: Callable[[Row], list[Any]]
) -> Page[Item]:
    """A page of at most `limit` items from rows that were read one more than the limit."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[view(row) for row in shown], next=render_cursor(key(shown[-1])) if more else None)


def render_cursor(key: list[Any]) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def parse_cursor(cursor: str | None, *kinds: type) -> list[Any] | None:
    """The key in a cursor; InvalidDocumentError where it is none of ours."""
    if cursor is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as wrong:
        raise _wrong_cursor() from wrong
    if not isinstance(key, list) or len(key) != len(kinds):
        raise _wrong_cursor()
    if not all(_fits(part, kind) for part, kind in zip(key, kinds, strict=True)):
        raise _wrong_cursor()
    return key


def _fits(part: Any, kind: type) -> bool:
    """Whether the part of a key has its kind, and a value that a row can have: a time, a row's number, a text."""
    if isinstance(part, bool) or not isinstance(part, kind):
        return False
    if isinstance(part, float):
        return 0 <= part < LAST_TIME
    if isinstance(part, int):
        return 0 <= part < LAST_ID
    return isinstance(part, str) and "\0" not in part


def _wrong_cursor() -> InvalidDocumentError:
    return InvalidDocumentError(Problem("after", "not a cursor of this list", "Leave it out to begin at the start."))
