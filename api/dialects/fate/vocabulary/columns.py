"""Lists in FATE's parameters, and which columns they choose."""

from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.choices import get_value
from api.dialects.fate.vocabulary.module import JsonObject

ALL: Final = -1
"""FATE's word for every column."""


def list_values(params: JsonObject, path: str, kinds: tuple[type, ...], what: str) -> list[Any]:
    """The list at `path`, empty for null; FateParamError where it is none, or holds anything but `kinds`."""
    given = get_value(params, path)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, kinds) and not isinstance(each, bool) for each in given):
        raise FateParamError(path, f"should be {what}, not {given!r}")
    return list(given)


def select_columns(params: JsonObject, indexes: str, names: str) -> dict[str, Any]:
    """The columns that two of FATE's parameters choose, by place and by name, in the components' own words.

    -1 means every column, unless there are names.
    """
    places = [] if params[indexes] == ALL else list_values(params, indexes, (int,), "-1 or a list of places, from 0")
    if any(place < 0 for place in places):
        raise FateParamError(indexes, f"should be -1 or a list of places, from 0, not {params[indexes]!r}")
    listed = list_values(params, names, (str,), "a list of column names")
    return {"columns": list(dict.fromkeys(listed)), "positions": list(dict.fromkeys(places))}
