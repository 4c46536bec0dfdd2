"""Which columns FATE's parameters choose, by place and by name."""

from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.param_values import get_flag, list_values
from api.dialects.fate.vocabulary.params import NEED_RUN
from scheduler.domain.model import JsonObject

ALL: Final = -1
"""FATE's word for every column."""


def select_columns(params: JsonObject, indexes: str, names: str) -> dict[str, Any]:
    """The columns that two of FATE's parameters choose, by place and by name, in the components' own words.

    -1 means every column, unless there are names.
    """
    places = [] if params[indexes] == ALL else list_values(params, indexes, (int,), "-1 or a list of places, from 0")
    if any(place < 0 for place in places):
        raise FateParamError(indexes, f"should be -1 or a list of places, from 0, not {params[indexes]!r}")
    listed = list_values(params, names, (str,), "a list of column names")
    return {"columns": list(dict.fromkeys(listed)), "positions": list(dict.fromkeys(places))}


def pick_columns(params: JsonObject, places: str, names: str) -> dict[str, Any]:
    """Which columns a module of one party's own table works on: of -1 all, else those named, as far as the party has them.

    Where neither parameter names a column, the component has nothing to do and hands its input on.
    """
    chosen = select_columns(params, places, names)
    if not get_flag(params, NEED_RUN):
        return {"run": False}
    if params[places] == ALL:
        return {}
    # FATE passes over what a party does not have, since one list often serves several parties.
    return {**chosen, "unknown_columns": "ignore"} if any(chosen.values()) else {"run": False}
