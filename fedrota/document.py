"""Job documents before they are sent: reading YAML and JSON, setting parameters, finding the line of a place."""

import math
from collections.abc import Hashable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final, TextIO

import yaml

from fedrota.errors import InvalidError, Problem

DocumentSource = Mapping[str, Any] | Path | str

MAX_DEPTH: Final = 32
"""The gateway takes no deeper documents."""

_ENDINGS: Final = (".yaml", ".yml", ".json")
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_TRUTH: Final = "tag:yaml.org,2002:bool"
_TEXT: Final = "tag:yaml.org,2002:str"
_NONSENSE: Final = (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""PyYAML's own errors, and what it raises for a value that does not fit its tag, as in `!!int ""`."""
_SECOND: Final = "but found another document"
"""The half of PyYAML's sentence that it keeps as the problem."""


class _Loader(yaml.SafeLoader):
    """Plain YAML that becomes JSON: dates stay text, and a key that stands twice is an error."""

    yaml_implicit_resolvers = {  # noqa: RUF012  the class attribute is PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  the signature is PyYAML's
        """Refuse what would silently replace an earlier value."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(None, None, "a key is no plain text", key.start_mark)
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
            seen.add(str(key.value))
            if key.tag == _TRUTH:  # as in `retry: {on: [lost]}`: no key is a truth value
                key.tag = _TEXT
        return super().construct_mapping(node, deep)


def read_document(source: DocumentSource) -> dict[str, Any]:
    """A job document as JSON values; InvalidError says in which line or place it is wrong.

    Args:
        source: a mapping, a path, or YAML text; text of one line that ends in .yaml, .yml or .json is a path.
    """
    if isinstance(source, Mapping):
        return check_json(dict(source))
    if isinstance(source, Path) or _is_path(source):
        return parse_document(read_text(Path(source)), str(source))
    return parse_document(source, "document")


def _is_path(text: str) -> bool:
    return "\n" not in text and text.endswith(_ENDINGS)


def read_text(path: Path) -> str:
    """The text of a document file."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _invalid(str(path), f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _invalid(str(path), f"is not UTF-8 text (byte {error.start})") from error


def read_stream(stream: TextIO, name: str) -> str:
    """The text of a document that comes through a stream; `name` is what errors call it."""
    try:
        return stream.read()
    except UnicodeDecodeError as error:
        raise _invalid(name, f"is not UTF-8 text (byte {error.start})") from error


def parse_document(text: str, name: str = "document") -> dict[str, Any]:
    """A job document from YAML text, of which JSON is a part; `name` is what errors call it."""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506  the loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        problem = "a second document begins, but a file holds one job" if error.problem == _SECOND else error.problem
        raise _invalid(place, problem or "is not YAML") from error
    except _NONSENSE as error:
        raise _invalid(name, f"is not YAML: {error}") from error
    if not isinstance(found, dict):
        kind = "empty" if found is None else f"a {type(found).__name__}"
        raise _invalid(name, f"is {kind}, but a job document is a mapping", "begin with `name:` and `steps:`")
    return check_json(found)


def check_json(document: dict[str, Any]) -> dict[str, Any]:
    """`document` itself where JSON can hold all of it; InvalidError with the place where not."""
    for where, value in _walk(document, "", 1):
        if isinstance(value, float) and not math.isfinite(value):
            raise _invalid(where, f"{value} is no JSON number")
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise _invalid(where, f"a {type(value).__name__} cannot be sent as JSON", "give text or a number")
    return document


def _walk(value: Any, where: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Every leaf with its place; InvalidError for what lies too deep, as what holds itself through an alias does."""
    if depth > MAX_DEPTH and isinstance(value, (Mapping, list, tuple)):
        raise _invalid(where[:80], f"lies deeper than {MAX_DEPTH} levels", "make it flatter")
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _walk(below, f"{where}.{key}" if where else str(key), depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, below in enumerate(value):
            yield from _walk(below, f"{where}.{index}", depth + 1)
    else:
        yield where, value


def _invalid(where: str, message: str, hint: str = "") -> InvalidError:
    problem = Problem(where, message, hint)
    return InvalidError(str(problem), status=0, problems=[problem])


def set_param(document: Mapping[str, Any], setting: str) -> dict[str, Any]:
    """A copy of `document` with `step.parameter=value` applied; the value is read as YAML, dots go deeper."""
    place, equals, text = setting.partition("=")
    step_name, dot, path = place.strip().partition(".")
    if not (equals and dot and all(path.split("."))):
        raise _invalid(setting, "is no setting", "write step.parameter=value")
    changed = deepcopy(dict(document))
    target = _enter(_find_step(changed, step_name, setting), "params", setting, f"params of step {step_name!r}")
    *above, last = path.split(".")
    reached = step_name
    for key in above:
        reached = f"{reached}.{key}"
        target = _enter(target, key, setting, repr(reached))
    target[last] = _parse_value(text, setting)
    return check_json(changed)


def _enter(target: dict[str, Any], key: str, setting: str, called: str) -> dict[str, Any]:
    """The mapping under `key`, made where nothing stands there, also where the key stands with an empty value."""
    found = target.get(key)
    if not isinstance(found, (dict, type(None))):
        kind = "a list" if isinstance(found, list) else repr(found)[:80]
        raise _invalid(setting, f"{called} is {kind}, no mapping: nothing can be set in it")
    target[key] = entered = dict(found or {})  # through a YAML alias other steps may hold the same mapping
    return entered


def _find_step(document: Mapping[str, Any], name: str, setting: str) -> dict[str, Any]:
    steps = document.get("steps")
    known = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    for step in known:
        if step.get("name") == name:
            return step
    names = ", ".join(str(step.get("name")) for step in known) or "none"
    raise _invalid(setting, f"the document has no step {name!r}", f"its steps: {names}")


def _parse_value(text: str, setting: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506  the loader is a SafeLoader
    except _NONSENSE as error:
        raise _invalid(setting, f"the value {text[:80]!r} is not YAML") from error


def find_line(text: str, where: str) -> int | None:
    """The line (from 1) of a place like `steps.2.params.epochs` in YAML text, or of the nearest place around it."""
    try:
        node = yaml.compose(text, _Loader)
    except yaml.YAMLError:
        return None
    line = None
    for part in where.split("."):
        found = _find_below(node, part)
        if found is None:
            return line
        line, node = found
    return line


def _find_below(node: yaml.Node | None, part: str) -> tuple[int, yaml.Node] | None:
    """Line and value of one entry of a node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        item = node.value[int(part)]
        return item.start_mark.line + 1, item
    return None
