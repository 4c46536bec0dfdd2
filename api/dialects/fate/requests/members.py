"""Members of requests as clients of different age send them: numbers as texts, flags as 0 and 1, party ids as either."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from api.bodies import parse_json
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.whole import parse_whole

MAX_TEXT: Final = 4096
_FLAGS: Final[Mapping[str, bool]] = {
    "1": True,
    "true": True,
    "yes": True,
    "0": False,
    "false": False,
    "no": False,
    "": False,
}
Members = Mapping[str, Any]


async def read_all(request: web.Request) -> dict[str, Any]:
    """The body's members, and those of the query string; FATE's clients send some GETs with a body, others may not."""
    return {**dict(request.query), **await read_members(request)}


def check_present(members: Members, *names: str) -> None:
    """FateError naming all that are missing, as FATE-Flow words it."""
    missing = [name for name in names if members.get(name) in (None, "")]
    if missing:
        raise FateError(RetCode.EXCEPTION, f"required parameters are missing: {','.join(missing)}; ")


def need(members: Members, *names: str) -> list[str]:
    """The members as texts; FateError (101) names those that are missing, in FATE-Flow's words."""
    missing = [name for name in names if members.get(name) in (None, "")]
    if missing:
        raise FateError(RetCode.ARGUMENT, f"required argument are missing: {','.join(missing)}; ")
    return [str(members[name]) for name in names]


def list_texts(given: Any) -> list[str]:
    """One value or a list of them as texts; none for null."""
    if given is None or given == "":
        return []
    return [str(each) for each in (given if isinstance(given, list) else [given])]


def read_text(members: Members, name: str, default: str = "") -> str:
    """A text; a number counts as its digits."""
    given = members.get(name)
    if given is None:
        return default
    if isinstance(given, bool) or not isinstance(given, (str, int)):
        raise FateError(RetCode.ARGUMENT, f"{name} must be a text, not {type(given).__name__}")
    text = str(given)
    if len(text) > MAX_TEXT or "\0" in text:
        raise FateError(RetCode.ARGUMENT, f"{name} is too long, or holds a NUL character")
    return text


def read_flag(members: Members, name: str, *, default: bool = False) -> bool:
    """A truth value: true, 1, "1", "true" and their opposites."""
    given = members.get(name)
    if given is None:
        return default
    if isinstance(given, bool):
        return given
    found = _FLAGS.get(str(given).strip().lower())
    if found is None or not isinstance(given, (int, str)):
        raise FateError(RetCode.ARGUMENT, f"{name} must be 0 or 1, not {given!r}"[:200])
    return found


def read_number(members: Members, name: str, *, default: int, least: int = 0, most: int = 1 << 53) -> int:
    """A whole number between `least` and `most`."""
    given = members.get(name)
    if given is None or given == "":
        return default
    number = parse_whole(given)
    if number is None:
        raise FateError(RetCode.ARGUMENT, f"{name} must be a whole number, not {str(given)[:100]!r}")
    if not least <= number <= most:
        raise FateError(RetCode.ARGUMENT, f"{name} must be between {least} and {most}, not {number}")
    return number


def read_object(members: Members, name: str) -> dict[str, Any]:
    """An object, also as a text that holds one (form fields have no other way); empty where there is none."""
    given = members.get(name)
    if isinstance(given, str) and given.lstrip().startswith("{"):
        given = parse_json(given.encode())
    if given is None or given == "":
        return {}
    if not isinstance(given, dict):
        raise FateError(RetCode.ARGUMENT, f"{name} must be an object")
    return given


def read_party(members: Members) -> str:
    """The party that a request is about: `party_id`, or the one in `local`; empty where none (or FATE's 0) is named."""
    local = members.get("local")
    inner = local if isinstance(local, Mapping) else {}
    named = read_text(members, "party_id") or read_text(inner, "party_id")
    return "" if named == "0" else named


@dataclass(frozen=True, slots=True)
class TableName:
    """A table's name as clients write it."""

    namespace: str
    name: str

    @property
    def args(self) -> dict[str, str]:
        """The two as FATE's confs have them."""
        return {"namespace": self.namespace, "name": self.name}


def parse_table(members: Members) -> TableName:
    """The table that a request names, under `table_name` or `name`."""
    named = read_text(members, "table_name") or read_text(members, "name")
    check_present({**members, "table_name": named}, "namespace", "table_name")
    return TableName(read_text(members, "namespace"), named)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentName:
    """A component of a job as one member sees it."""

    job: str
    role: str
    party: str
    component: str = ""


def parse_component(members: Members, *, needs_component: bool = True) -> ComponentName:
    """job_id, role, party_id and component_name."""
    check_present(members, "job_id", "role", "party_id", *(["component_name"] if needs_component else []))
    return ComponentName(
        job=read_text(members, "job_id"),
        role=read_text(members, "role"),
        party=read_text(members, "party_id"),
        component=read_text(members, "component_name"),
    )
