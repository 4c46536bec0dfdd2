"""Checks parameters against a component's schema and fills in defaults, with no library of its own.

It knows the part of JSON Schema (2020-12) in `CHECKS`. Other keywords may stand in a schema: the gateway checks
them when a job is submitted, with a full validator.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]


class ParamsError(ValueError):
    """Some parameters are wrong; the text lists all of them."""


def object_schema(properties: Mapping[str, Schema]) -> dict[str, Any]:
    """The schema of an object with just these properties; those without a `default` are required."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": sorted(name for name, schema in properties.items() if "default" not in schema),
        "additionalProperties": False,
    }


def read_values(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with the defaults of an object schema filled in; ParamsError lists everything wrong in it.

    A whole number written as 3.0 becomes 3 where an integer is asked for.
    """
    problems = list(_problems(schema, given, ""))
    if problems:
        raise ParamsError("; ".join(problems))
    properties: Mapping[str, Schema] = schema.get("properties", {})
    filled = {name: each["default"] for name, each in properties.items() if "default" in each} | dict(given)
    return {name: _as_declared(properties.get(name, {}), value) for name, value in filled.items()}


def check_schema(schema: Schema, *, where: str) -> None:
    """ValueError where a schema names a type that does not exist or has a default that it refuses itself."""
    for name, each in schema.get("properties", {}).items():
        unknown = set(_types(each)) - set(TYPES)
        if unknown:
            raise ValueError(f"parameter {name!r} of {where!r} has type {min(unknown)!r}: use {', '.join(TYPES)}")
        if "default" in each:
            for problem in _problems(each, each["default"], name):
                raise ValueError(f"the default of a parameter of {where!r} breaks its own schema: {problem}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and value == int(value),
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, Sequence) and not isinstance(value, str | bytes),
    "object": lambda value: isinstance(value, Mapping),
}

# Each keyword: the kind of value that it applies to, the test, and what to say where the test fails.
Check = tuple[str, Callable[[Any, Any], bool], str]
CHECKS: Final[Mapping[str, Check]] = {
    "enum": ("any", lambda value, allowed: value in allowed, "must be one of {}"),
    "minimum": ("number", lambda value, limit: value >= limit, "must be at least {}"),
    "maximum": ("number", lambda value, limit: value <= limit, "must be at most {}"),
    "exclusiveMinimum": ("number", lambda value, limit: value > limit, "must be greater than {}"),
    "exclusiveMaximum": ("number", lambda value, limit: value < limit, "must be less than {}"),
    "minLength": ("string", lambda value, limit: len(value) >= limit, "must have at least {} characters"),
    "maxLength": ("string", lambda value, limit: len(value) <= limit, "must have at most {} characters"),
    "pattern": ("string", lambda value, pattern: bool(re.search(pattern, value)), "must match {}"),
    "minItems": ("array", lambda value, limit: len(value) >= limit, "must have at least {} items"),
    "maxItems": ("array", lambda value, limit: len(value) <= limit, "must have at most {} items"),
    "uniqueItems": ("array", lambda value, on: not on or len(set(map(repr, value))) == len(value), "repeats an item"),
}


def _types(schema: Schema) -> tuple[str, ...]:
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def _problems(schema: Schema, value: Any, where: str) -> Iterator[str]:
    types = _types(schema)
    if types and not any(TYPES[name](value) for name in types):
        yield f"{where or 'params'} must be of type {' or '.join(types)}, is {value!r}"
        return
    for keyword, (kind, holds, message) in CHECKS.items():
        applies = keyword in schema and (kind == "any" or TYPES[kind](value))
        if applies and not holds(value, schema[keyword]):
            yield f"{where} {message.format(_render(schema[keyword]))}, is {value!r}"
    if TYPES["array"](value):
        for index, item in enumerate(value):
            yield from _problems(schema.get("items", {}), item, f"{where}.{index}")
    if TYPES["object"](value):
        yield from _object_problems(schema, value, where)


def _object_problems(schema: Schema, value: Mapping[str, Any], where: str) -> Iterator[str]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    prefix = f"{where}." if where else ""
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{prefix}{name} is missing: it has no default"
    for name, item in value.items():
        if name in properties:
            yield from _problems(properties[name], item, f"{prefix}{name}")
        elif isinstance(rest, Mapping):
            yield from _problems(rest, item, f"{prefix}{name}")
        elif rest is False:
            yield f"{prefix}{name} is not a parameter{_hint(name, properties)}"


def _hint(name: str, properties: Mapping[str, Schema]) -> str:
    near = difflib.get_close_matches(name, properties, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(sorted(properties))}" if properties else "; there are none"


def _render(limit: Any) -> str:
    return ", ".join(map(repr, limit)) if isinstance(limit, list | tuple) else str(limit)


def _as_declared(schema: Schema, value: Any) -> Any:
    if isinstance(value, float) and "integer" in _types(schema) and "number" not in _types(schema):
        return int(value)
    return value
