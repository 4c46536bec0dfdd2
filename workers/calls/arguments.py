"""Reads the arguments of the gateway's calls; what is wrong is said with the argument's name."""

from collections.abc import Mapping
from typing import Any

from scheduler.domain.errors import InvalidDocumentError, Problem
from workers.workdir import PathError, check_name

Args = Mapping[str, Any]


def read_name(args: Args, key: str, *, default: str | None = None) -> str:
    """A plain name, fit to be part of a path."""
    value = args.get(key, default)
    if not isinstance(value, str):
        raise InvalidDocumentError(Problem(where=key, message="a name is needed"))
    try:
        return check_name(value, key)
    except PathError as wrong:
        raise InvalidDocumentError(Problem(where=key, message=str(wrong))) from wrong


def read_int(args: Args, key: str, *, default: int | None = None, least: int = 0, most: int = 1 << 62) -> int:
    """A whole number of at least `least`; more than `most` counts as `most`."""
    value = args.get(key)
    value = default if value is None else value
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidDocumentError(Problem(where=key, message=f"a whole number of at least {least} is needed"))
    return min(value, most)


def read_text(args: Args, key: str, *, default: str = "") -> str:
    """A short text."""
    value = args.get(key)
    value = default if value is None else value
    if not isinstance(value, str) or len(value) > 400:
        raise InvalidDocumentError(Problem(where=key, message="a text of at most 400 characters is needed"))
    return value
