"""JSON Schemas of components, judged within bounds: parties write them, and one must not stop the gateway for all."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry

MAX_SCHEMA_CHARS: Final = 64 << 10
"""The largest of ours has a tenth of it."""
MAX_EFFORT: Final = 200_000
"""Keywords and items that are looked at for one set of parameters: well below a second."""
LOOKUP_EFFORT: Final = 1000
"""What a reference to an anchor costs: the whole schema is searched for it."""
MAX_MATCHED_CHARS: Final = 256
_PLAIN: Final = re.compile(
    r"\^?(?:(?:[\w ,:;/@=~%!<>-]|\\[dDwWsS.\\/+*?()\[\]{}|^$-]|\.|\[\^?[^\[\]\\]+\])(?:\{\d{1,3}\}|([*+?]|\{\d*,\d*\}))?)*\$?"
)
_VARIABLE: Final = re.compile(r"(?<!\\)[*+?]|\{\d*,\d*\}")
_DEEPEST: Final = 2
"""So often may a pattern repeat something: its time grows with this power of the text's length, and one more."""

Errors = Iterable[ValidationError]
Judge = Callable[[Any, Any, Any, Any], Errors | None]


_OWN: Final[Mapping[str, Judge]] = Draft202012Validator.VALIDATORS


class EffortError(Exception):
    """The schema cannot be judged within bounds; the text says which."""


_left: ContextVar[list[int]] = ContextVar("_left")


def find_errors(schema: str, value: Any) -> Errors:
    """What is wrong with `value` under a schema in JSON; EffortError where finding out would take too long.

    SchemaError, Unresolvable and RecursionError where the schema is none.
    """
    _left.set([MAX_EFFORT])
    errors: Errors = _make_validator(schema).iter_errors(value)
    return errors


@lru_cache(maxsize=512)
def _make_validator(schema: str) -> Any:
    if len(schema) > MAX_SCHEMA_CHARS:
        raise EffortError(f"it has more than {MAX_SCHEMA_CHARS} characters")
    parsed = orjson.loads(schema)
    Draft202012Validator.check_schema(parsed)
    # A registry of its own, which is empty: the default one would fetch what a party's schema refers to.
    return _Bounded(parsed, registry=Registry())


def _spend(effort: int) -> None:
    left = _left.get()
    left[0] -= effort
    if left[0] < 0:
        raise EffortError(f"checking it takes more than {MAX_EFFORT} steps")


def _measure(wanted: Any, instance: Any) -> int:
    return 1 + sum(len(value) for value in (wanted, instance) if isinstance(value, (list, dict)))


def _measure_reference(wanted: str, _instance: Any) -> int:
    return 1 if wanted == "#" or wanted.startswith("#/") else LOOKUP_EFFORT


def _count(judge: Judge, measure: Callable[[Any, Any], int] = _measure) -> Judge:
    """The keyword's own judgement, after its effort is counted."""

    def run(validator: Any, wanted: Any, instance: Any, schema: Any) -> Errors | None:
        _spend(measure(wanted, instance))
        return judge(validator, wanted, instance, schema)

    return run


def _match(validator: Any, wanted: str, instance: Any, schema: Any) -> Errors | None:
    """Patterns that could search for ever are left to the party, whose process checks its parameters too."""
    return _OWN["pattern"](validator, wanted, instance, schema) if _is_quick(wanted, instance) else None


def _is_quick(pattern: str, text: Any) -> bool:
    """No group, no choice, few repeats and a short text."""
    return (
        isinstance(text, str)
        and len(text) <= MAX_MATCHED_CHARS
        and _PLAIN.fullmatch(pattern) is not None
        and len(_VARIABLE.findall(pattern)) <= _DEEPEST
    )


def _match_nothing(_validator: Any, _wanted: Any, _instance: Any, _schema: Any) -> None:
    """Names that are given by patterns are judged by the party; so are those that no property and no pattern names."""


def _judge_rest(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Errors | None:
    if "patternProperties" in schema:
        return None
    return _OWN["additionalProperties"](validator, wanted, instance, schema)


def _leave_unevaluated(_validator: Any, _wanted: Any, _instance: Any, _schema: Any) -> None:
    """It would match the names of `patternProperties` wherever they stand."""


_BOUNDED: Final = {
    "$ref": _count(_OWN["$ref"], _measure_reference),
    "$dynamicRef": _count(_OWN["$dynamicRef"], _measure_reference),
    "pattern": _count(_match),
    "patternProperties": _count(_match_nothing),
    "additionalProperties": _count(_judge_rest),
    "unevaluatedProperties": _count(_leave_unevaluated),
}
_Bounded: Final = extend(  # type: ignore[no-untyped-call]  # jsonschema gives it no types
    Draft202012Validator, {name: _count(judge) for name, judge in _OWN.items()} | _BOUNDED
)
