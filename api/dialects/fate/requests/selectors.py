"""Which of a role's parties a key of a runtime conf speaks of, and how parameters are merged."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.whole import parse_whole
from scheduler.domain.model import JsonObject

ALL: Final = "all"
MAX_DEPTH: Final = 32


def selects(selector: str, position: int) -> bool:
    """Whether `all`, `0` or `0|1` means the role's party at `position`."""
    return selector == ALL or str(position) in selector.split("|")


def is_selector(selector: str) -> bool:
    """Whether the key of a role's parameters can mean anybody.

    Others mean nobody and are passed over, as FATE does: its own SDK sends one (`test.toy`, a component's name).
    """
    return selector == ALL or all(part[:1].isdigit() and parse_whole(part) is not None for part in selector.split("|"))


def list_absent(selector: str, parties: int) -> list[str]:
    """The parts of the selector that mean no party: positions that none has, or written otherwise (`01`)."""
    known = {ALL, *map(str, range(parties))}
    return [part for part in selector.split("|") if part not in known]


def select_layers(by_role: JsonObject, role: str, position: int) -> Iterator[JsonObject]:
    """The objects of `{role: {selector: object}}` that speak of a party, in the order in which they are written."""
    for selector, layer in by_role.get(role, {}).items():
        if selects(selector, position):
            yield layer


def merge(*layers: JsonObject) -> dict[str, Any]:
    """The layers over each other, later ones over earlier ones; nested objects are merged member by member."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            earlier = merged.get(key)
            if isinstance(value, Mapping) and isinstance(earlier, Mapping):
                merged[key] = merge(earlier, value)
            else:
                merged[key] = value
    return merged


def check_depth(value: Any, where: str) -> None:
    """FateError where lists and objects are nested deeper than anything meant seriously."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for each in level for item in _list_items(each)]
        if not level:
            return
    raise FateError(RetCode.OPERATING, f"{where} is nested more than {MAX_DEPTH} levels deep")


def _list_items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
