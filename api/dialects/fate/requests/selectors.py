"""Which of a role's parties a key of a runtime conf speaks of, and how parameters are merged."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode

ALL: Final = "all"
MAX_DEPTH: Final = 32
JsonObject = Mapping[str, Any]


def selects(selector: str, position: int) -> bool:
    """Whether `all`, `0` or `0|1` means the role's party at `position`."""
    return selector == ALL or str(position) in selector.split("|")


def check_selector(selector: str, parties: int, where: str) -> list[int]:
    """The positions that the selector names and no party has; FateError where it is no selector."""
    if selector == ALL:
        return []
    parts = selector.split("|")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise FateError(
            RetCode.OPERATING, f"{where} has the key {selector!r}: write all, or positions such as 0 or 0|1"
        )
    return [int(part) for part in parts if int(part) >= parties]


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
