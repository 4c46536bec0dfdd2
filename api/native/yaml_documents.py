"""YAML bodies as the same JSON values, by a loader that makes nothing but plain data."""

from collections.abc import Hashable, Iterator
from typing import Any, Final

import yaml

from api.bodies import MAX_DEPTH, MalformedBodyError, check_value
from scheduler.domain.errors import InvalidDocumentError, Problem

MEDIA: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
MAX_NODES: Final = 50_000
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_MERGE: Final = "tag:yaml.org,2002:merge"
_TRUTH: Final = "tag:yaml.org,2002:bool"
_TEXT: Final = "tag:yaml.org,2002:str"


class _TooLargeError(yaml.YAMLError):
    """The document is too large once its aliases are written out."""


class _Loader(yaml.SafeLoader):
    """Dates stay text, a key that stands twice is an error, aliases count with all that they stand for."""

    yaml_implicit_resolvers = {  # noqa: RUF012  the class attribute is PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._sizes: dict[int, int] = {}
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node, whose size is known from then on."""
        self._depth += 1
        if self._depth > MAX_DEPTH + 1:
            raise _TooLargeError(f"it lies deeper than {MAX_DEPTH} levels")
        is_alias = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if is_alias and id(node) not in self._sizes:
            raise _TooLargeError("an alias stands inside what it refers to")
        if not is_alias:
            self._sizes[id(node)] = 1 + sum(self._sizes[id(child)] for child in _children(node))
        if self._sizes[id(node)] > MAX_NODES:
            raise _TooLargeError(f"with its aliases written out it has more than {MAX_NODES} values")
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  the signature is PyYAML's
        """Refuse what would silently replace an earlier value, and keys that JSON cannot have."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == _MERGE:
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(None, None, "a key is no plain text", key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
            if key.tag == _TRUTH:  # as in `retry: {on: [lost]}`: no key is a truth value
                key.tag = _TEXT
        return super().construct_mapping(node, deep)


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def parse_yaml(raw: bytes) -> Any:
    """The JSON values of a YAML body; errors name the line."""
    try:
        text = raw.decode()
        value = yaml.load(text, _Loader)  # noqa: S506  the loader is a SafeLoader
    except UnicodeDecodeError as wrong:
        raise MalformedBodyError(
            Problem("body", f"byte {wrong.start} is not UTF-8 text", "Send the body as UTF-8.")
        ) from wrong
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "body"
        raise MalformedBodyError(Problem(where, wrong.problem or "is not YAML")) from wrong
    except _TooLargeError as wrong:
        raise InvalidDocumentError(Problem("body", str(wrong), "Write it smaller or flatter.")) from wrong
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as wrong:
        raise MalformedBodyError(Problem("body", f"is not YAML: {str(wrong)[:200]}")) from wrong
    return to_json(value)


def to_json(value: Any) -> Any:
    """The value, if all in it can be kept as JSON; InvalidDocumentError where it cannot: NaN, halves of characters, ..."""
    plain = _plain(value, "")
    check_value(plain)
    return plain


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, dict):
        return {_key(key, where): _plain(item, _below(where, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, _below(where, number)) for number, item in enumerate(value)]
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124  NaN alone differs from itself
        raise InvalidDocumentError(Problem(where or "body", "not a finite number", "JSON has none: leave it out."))
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise InvalidDocumentError(Problem(where or "body", "a whole number beyond 64 bits", "Write it as text."))
    if isinstance(value, str):
        return _text(value, where)
    if value is None or isinstance(value, (int, float, bool)):
        return value
    raise InvalidDocumentError(
        Problem(where or "body", f"a {type(value).__name__} is no JSON value", "Give text or a number.")
    )


def _key(key: Any, where: str) -> str:
    if isinstance(key, str):
        return _text(key, where)
    raise InvalidDocumentError(Problem(_below(where, key), f"the key {key!r} is no text", f"Write '{key}' in quotes."))


def _text(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise InvalidDocumentError(Problem(where or "body", "a text holds half of a character")) from wrong
    return text


def _below(where: str, part: object) -> str:
    return f"{where}.{part}" if where else str(part)
