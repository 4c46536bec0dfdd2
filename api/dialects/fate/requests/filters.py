"""FATE's filters: members of a body that are the names of columns narrow, everything else is noise."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.whole import parse_whole

ROLES: Final = ("guest", "host", "arbiter", "local")
JOB_STATUSES: Final = ("success", "running", "waiting", "failed", "canceled", "timeout")
JOB_ORDERS: Final = ("job_id", "task_version", "create_time", "start_time", "end_time", "elapsed")
TASK_ORDERS: Final = (*JOB_ORDERS, "component_name", "status")
DOCUMENTS: Final = frozenset({"dsl", "runtime_conf"})
MOST_ROWS: Final = 10_000
Row = Mapping[str, Any]


def read_filters(members: Mapping[str, Any], columns: Collection[str]) -> dict[str, Any]:
    """The members that narrow: known columns that are not null.

    Clients also send the paths of their own files, under the names of columns that hold objects.
    """
    named = {name: value for name, value in members.items() if name in columns and value is not None}
    if named.get("role") == "local" and str(named.get("party_id")) == "0":
        # FATE's own uploads run at party 0, and the pipeline looks for them there; here a party of its own has them.
        del named["party_id"]
    return {name: value for name, value in named.items() if name not in DOCUMENTS or not isinstance(value, str)}


def fits(row: Row, filters: Mapping[str, Any]) -> bool:
    """Whether a row has the wanted values: one value, one of a list, or between the two of a list of numbers."""
    return all(_fits(row[name], wanted) for name, wanted in filters.items())


def _fits(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, list):
        return _is_same(value, wanted)
    is_range = len(wanted) == 2 and _is_number(value) and all(map(_is_number, wanted))
    if is_range:
        return bool(min(wanted) <= value <= max(wanted))
    return any(_is_same(value, each) for each in wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_same(value: Any, wanted: Any) -> bool:
    """Clients send ids as numbers or texts, truths as numbers or texts."""
    if isinstance(value, bool):
        return str(wanted).casefold() in ({"true", "1"} if value else {"false", "0"})
    if isinstance(value, (dict, list)) or isinstance(wanted, dict):
        return bool(value == wanted)
    return value is not None and str(value) == str(wanted)


def read_paging(members: Mapping[str, Any]) -> tuple[int, int]:
    """(limit, offset) of `limit` and `page`; a limit of 0 means all. FateError (400) where one is no such number."""
    limit, page = (_read_count(members, name, least) for name, least in (("limit", 0), ("page", 1)))
    limit = limit or MOST_ROWS
    return limit, (max(page, 1) - 1) * limit


def _read_count(members: Mapping[str, Any], name: str, least: int) -> int:
    given = members.get(name)
    if given is None or given == "":
        return least
    number = parse_whole(given)
    if number is None or number < least:
        raise refuse(f"{name} should be a whole number from {least} on, not {str(given)[:100]!r}")
    return number


def read_choices(members: Mapping[str, Any], name: str, known: Collection[str]) -> list[str]:
    """One of `known` or a list of them; FateError (400) for anything else."""
    given = members.get(name)
    chosen = given if isinstance(given, list) else [given] if given not in (None, "") else []
    for each in chosen:
        if each not in known:
            raise refuse(f"{name} should be one of {', '.join(known)}, not {each!r}")
    return chosen


def known_columns(orders: Collection[str], rows: Collection[Row]) -> list[str]:
    """Those of `orders` by which the rows can be put in order."""
    return [name for name in orders if all(name in row for row in rows)]


def sort_rows(
    rows: Iterable[Row], members: Mapping[str, Any], known: Collection[str], *, default: tuple[str, bool]
) -> list[Row]:
    """The rows by `order_by` and `order`; `default` is (column, whether the largest comes first)."""
    column = (read_choices(members, "order_by", known) or [default[0]])[0]
    order = read_choices(members, "order", ("asc", "desc"))
    is_descending = order == ["desc"] if order else default[1]
    return sorted(rows, key=lambda row: (row[column] is not None, row[column] or 0), reverse=is_descending)


def refuse(message: str) -> FateError:
    """A bad parameter, with the HTTP status that FATE-Flow gives it."""
    return FateError(400, message, status=400)
