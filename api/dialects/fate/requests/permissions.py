"""What FATE's permission calls name: to whom, and what, in the form of 1.9 and in that of 1.4 to 1.8."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from scheduler.domain.grants import ALL, Grant

OLD: Final[Mapping[str, str]] = {
    "privilege_role": "role",
    "privilege_command": "command",
    "privilege_component": "component",
}
OLD_ALL: Final = "all"


def get_grantee(members: Mapping[str, Any], name: str) -> str:
    """The party that is to be let; FateError where the request names none."""
    party = members.get(name)
    if isinstance(party, bool) or not isinstance(party, (str, int)) or not str(party).strip():
        raise FateError(RetCode.ARGUMENT, f"required parameters are missing: {name}; give the party's id")
    return str(party).strip()


def list_wanted(members: Mapping[str, Any], grantee: str) -> list[Grant]:
    """What a call of 1.9 or later names; `party` is left empty."""
    return [
        *(_make(grantee, "component", name.lower()) for name in list_names(members, "component")),
        *(_make(grantee, "dataset", name, namespace) for namespace, name in _list_datasets(members.get("dataset"))),
    ]


def list_wanted_old(members: Mapping[str, Any], grantee: str) -> list[Grant]:
    """What a call of 1.8 or earlier names; `party` is left empty."""
    return [
        _make(grantee, kind, ALL if name.lower() == OLD_ALL else name.lower())
        for key, kind in OLD.items()
        for name in list_names(members, key)
    ]


def _make(grantee: str, kind: str, name: str, namespace: str = "") -> Grant:
    return Grant(party="", grantee=grantee, kind=kind, name=name, namespace=namespace)


def list_names(members: Mapping[str, Any], key: str) -> list[str]:
    """Names in a text with commas or in a list."""
    given = members.get(key)
    parts = given.split(",") if isinstance(given, str) else given or []
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise FateError(RetCode.ARGUMENT, f"{key} must be '*' or names with commas between them")
    return [part.strip() for part in parts if part.strip()]


def _list_datasets(given: Any) -> Iterator[tuple[str, str]]:
    """(namespace, name) of each data table; all of them for '*', all of a namespace for one without a name."""
    if given in (None, "", []):
        return
    if given == ALL:
        yield "", ALL
        return
    for each in given if isinstance(given, list) else [given]:
        if each == ALL:
            yield "", ALL
            continue
        where = each if isinstance(each, dict) else {}
        namespace, name = where.get("namespace"), where.get("name", where.get("table_name", ALL))
        if not isinstance(namespace, str) or not namespace or not isinstance(name, str) or not name:
            raise FateError(RetCode.ARGUMENT, "dataset must be '*', an object {namespace, name}, or a list of them")
        yield namespace, name
