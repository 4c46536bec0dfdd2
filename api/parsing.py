"""Bodies and queries as typed values; what is wrong with one is told with its place and what to change there."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from scheduler.domain.errors import InvalidDocumentError, Problem, first_problems
from scheduler.domain.plan import nearest

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """A JSON body: nothing is coerced, nothing unknown is passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Query(BaseModel):
    """Query parameters; a field that is a list may be repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _parse_flag(text: Any) -> Any:
    if isinstance(text, str):
        if text not in {"true", "false"}:
            raise ValueError("neither true nor false")
        return text == "true"
    return text


def _parse_whole(text: Any) -> Any:
    if isinstance(text, str):
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            raise ValueError("not a whole number")
        return int(text)
    return text


Flag = Annotated[bool, BeforeValidator(_parse_flag), WithJsonSchema({"type": "boolean"})]
"""`true` or `false` in a query."""
Whole = Annotated[int, BeforeValidator(_parse_whole)]
"""A whole number in a query, in plain digits."""


def parse_body(kind: type[Model], value: Any) -> Model:
    """The body as `kind`; InvalidDocumentError lists what is wrong, each with its place."""
    try:
        return kind.model_validate(value)
    except ValidationError as wrong:
        raise _make_error(kind, wrong, "body") from wrong


def parse_query(kind: type[Query], given: Mapping[str, Sequence[str]]) -> Query:
    """Query parameters as `kind`; a single value stands for itself where the field is no list."""
    fields = kind.model_fields
    values: dict[str, Any] = {}
    for name, found in given.items():
        if any("\0" in text for text in found):
            raise InvalidDocumentError(Problem(f"query.{name}", "holds a NUL character"))
        is_list = name in fields and _is_list(fields[name].annotation)
        if not is_list and len(found) > 1:
            raise InvalidDocumentError(Problem(f"query.{name}", "is given more than once"))
        values[name] = list(found) if is_list else found[0]
    try:
        return kind.model_validate(values, strict=False)
    except ValidationError as wrong:
        raise _make_error(kind, wrong, "query") from wrong


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is list


def _make_error(kind: type[BaseModel], wrong: ValidationError, root: str) -> InvalidDocumentError:
    details = wrong.errors(include_url=False)
    return InvalidDocumentError(*first_problems(_make_problem(kind, detail, root) for detail in details))


def _make_problem(kind: type[BaseModel], detail: ErrorDetails, root: str) -> Problem:
    place = [str(part) for part in detail["loc"] if "[" not in str(part)]
    where = ".".join(["query", *place] if root == "query" else place) or root
    if detail["type"] == "extra_forbidden":
        word = "parameter" if root == "query" else "field"
        return Problem(where, f"there is no such {word}.", nearest(place[-1], find_fields(kind, place[:-1])))
    if detail["type"] == "missing":
        return Problem(where, "is missing", "Add it.")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return Problem(where, message[:1].lower() + message[1:], _hint(detail))


def _hint(detail: ErrorDetails) -> str:
    """What to do, where YAML has taken the text of a name for something else, as it does with `no`."""
    return "Put it in quotes." if detail["type"] == "string_type" and isinstance(detail["input"], (int, float)) else ""


def find_fields(kind: type[BaseModel], place: Sequence[str]) -> frozenset[str]:
    """The fields that an object at `place` inside `kind` may have."""
    schema = kind.model_json_schema()
    node: Any = schema
    for part in place:
        node = _resolve(node, schema)
        node = node.get("properties", {}).get(part) or node.get("items") or node.get("additionalProperties") or {}
        if not isinstance(node, dict):
            return frozenset()
    return frozenset(_resolve(node, schema).get("properties", {}))


def _resolve(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node itself, behind a reference or an optional."""
    for option in (node, *node.get("anyOf", ())):
        if "$ref" in option:
            found: Mapping[str, Any] = schema["$defs"][option["$ref"].rpartition("/")[2]]
            return found
        if "properties" in option:
            return dict(option)
    return node
