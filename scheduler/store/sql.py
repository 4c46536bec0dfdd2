"""SQL text for the driver's cursor, written once and rendered for SQLite and PostgreSQL."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scheduler.store.columns import to_json

_PARAM: Final = re.compile(r"(?<![:\w]):(\w+)")
_TYPES: Final = {"text": "text", "double": "double precision"}
_MARK: Final = re.compile(r"\{(\w+)(?::(\w+))?(?::(\w+))?\}")
_PLAIN_MARKS: Final = {
    "any": ("IN (", "= ANY (ARRAY("),
    "end": (")", "))"),
    "each": ("", "OFFSET 0"),
    "lock": ("", "FOR UPDATE"),
    "skip": ("", "FOR UPDATE SKIP LOCKED"),
}
"""What marks without a name mean on SQLite and PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement in both renderings.

    In the source text `:name` is a parameter, `{in:x}` means "is among the keys of x" and `{of:x}` or
    `{of:x:text}` "the value that x has for this row's id" (bigint unless a type is named), where the
    argument x is a list or a dict; `{lock}` locks the selected rows, `{skip}` skips those locked by others.

    PostgreSQL keeps a plan that it made while the tables were short. Two marks leave it one that is right for
    long ones: `{any}SELECT ...{end}`, "is among these", looks the found keys up, and `{each}` at the end of an
    EXISTS looks for each row by itself; either could otherwise be a join with a whole table.
    """

    sqlite: str
    postgres: str


def make_sql(source: str) -> Sql:
    """The statement in both renderings."""
    return Sql(
        sqlite=_MARK.sub(_sqlite_mark, source),
        postgres=_PARAM.sub(r"%(\1)s", _MARK.sub(_postgres_mark, source)),
    )


def _sqlite_mark(mark: re.Match[str]) -> str:
    kind, name, _ = mark.groups()
    if not name:
        return _PLAIN_MARKS[kind][0]
    return {
        "in": f"IN (SELECT value FROM json_each(:{name}_keys))",
        "of": f"json_extract(:{name}_map, '$.\"' || id || '\"')",
    }[kind]


def _postgres_mark(mark: re.Match[str]) -> str:
    kind, name, type_ = mark.groups()
    if not name:
        return _PLAIN_MARKS[kind][1]
    return {
        "in": f"= ANY(CAST(:{name}_keys AS text[]))",
        "of": f"(CAST(:{name}_values AS {_TYPES.get(type_ or '', 'bigint')}[]))"
        f"[array_position(CAST(:{name}_keys AS text[]), id)]",
    }[kind]


def bind(params: Mapping[str, Any], *, is_postgres: bool) -> dict[str, Any]:
    """The driver's parameters: lists and dicts spread as the markers expect them."""
    bound: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, (str, bytes)) or not isinstance(value, (Mapping, Sequence)):
            bound[name] = value
        elif is_postgres:
            bound[f"{name}_keys"] = _to_array(value)
            if isinstance(value, Mapping):
                bound[f"{name}_values"] = _to_array(value.values())
        else:
            bound[f"{name}_keys"] = to_json(list(value))
            if isinstance(value, Mapping):
                bound[f"{name}_map"] = to_json(value)
    return bound


def _to_array(values: Iterable[Any]) -> str:
    """PostgreSQL's text of an array; the driver writes the same one, slowly and element by element."""
    return f"{{{','.join([_quote(value) if isinstance(value, str) else to_json(value) for value in values])}}}"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
