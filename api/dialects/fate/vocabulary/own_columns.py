"""Which columns a module of one party's own table works on, and whether it does anything at all."""

from typing import Any

from api.dialects.fate.vocabulary.choices import get_flag
from api.dialects.fate.vocabulary.columns import ALL, select_columns
from api.dialects.fate.vocabulary.module import JsonObject
from api.dialects.fate.vocabulary.params import NEED_RUN


def pick_columns(params: JsonObject, places: str, names: str) -> dict[str, Any]:
    """Of -1 all columns; else those at these places and of these names, as far as the party has them.

    Where neither names a column, the component has nothing to do and hands its input on.
    """
    chosen = select_columns(params, places, names)
    if not get_flag(params, NEED_RUN):
        return {"run": False}
    if params[places] == ALL:
        return {}
    # FATE passes over what a party does not have, since one list often serves several parties.
    return {**chosen, "unknown_columns": "ignore"} if any(chosen.values()) else {"run": False}
