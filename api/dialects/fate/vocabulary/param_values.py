"""Single values of FATE's parameters by their paths, such as `init_param.fit_intercept`; what is wrong is refused by path."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from api.dialects.fate.errors import FateParamError
from scheduler.domain.model import JsonObject

Value = TypeVar("Value")


def get_value(params: JsonObject, path: str) -> Any:
    """The value at a path such as `init_param.fit_intercept`, None where there is nothing."""
    found: Any = params
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def choose(params: JsonObject, path: str, known: Mapping[str, Value]) -> Value:
    """What the text at `path` (in whatever case, null as `none`) stands for; FateParamError lists what may stand there."""
    given = get_value(params, path)
    key = "none" if given is None else str(given).casefold()
    if key not in known:
        raise FateParamError(path, f"{given!r} is not supported here: use {', '.join(known)}")
    return known[key]


def refuse_unless(params: JsonObject, path: str, allowed: Sequence[Any], why: str) -> None:
    """FateParamError with `why` where the value at `path` is none of `allowed`."""
    given = get_value(params, path)
    if not any(given == each and isinstance(given, bool) == isinstance(each, bool) for each in allowed):
        raise FateParamError(path, f"{given!r} is not supported here: {why}")


def get_number(params: JsonObject, path: str, *, whole: bool = False) -> Any:
    """The number at `path`; FateParamError where it is none, or no whole one where `whole` is asked for."""
    given = get_value(params, path)
    is_number = isinstance(given, int) or (isinstance(given, float) and (not whole or given.is_integer()))
    if isinstance(given, bool) or not is_number:
        raise FateParamError(path, f"should be a {'whole ' if whole else ''}number, not {given!r}")
    return int(given) if whole else given


def get_flag(params: JsonObject, path: str) -> bool:
    """The truth value at `path`; FateParamError where it is none."""
    given = get_value(params, path)
    if not isinstance(given, bool):
        raise FateParamError(path, f"should be true or false, not {given!r}")
    return given


def list_values(params: JsonObject, path: str, kinds: tuple[type, ...], what: str) -> list[Any]:
    """The list at `path`, empty for null; FateParamError where it is none, or holds anything but `kinds`."""
    given = get_value(params, path)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, kinds) and not isinstance(each, bool) for each in given):
        raise FateParamError(path, f"should be {what}, not {given!r}")
    return list(given)
