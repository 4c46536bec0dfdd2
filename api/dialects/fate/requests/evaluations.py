"""An evaluation of several tables as one of each: `NAME`, `NAME_1` and so on, with the parameters of the first."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.dsl import DATA_KEYS
from scheduler.domain.model import JsonObject

MODULES: Final = frozenset({"evaluation", "evaluate"})
PARAMS: Final = "component_parameters"


def split_evaluations(conf: JsonObject, dsl: JsonObject) -> tuple[JsonObject, JsonObject, tuple[str, ...]]:
    """The conf and the DSL of version 2 with one table to each evaluation, and what to tell the client.

    FateError (103) where a name is taken. What is malformed stays as it is, for the parsers to name.
    """
    components = dsl.get("components")
    if not isinstance(components, Mapping):
        return conf, dsl, ()
    copies: dict[str, str] = {}
    found: dict[str, Any] = {}
    said: list[str] = []
    for name, each in components.items():
        found[name] = each
        for place, (key, text) in enumerate(_list_tables(each)):
            part = f"{name}_{place}" if place else name
            found[part] = {**each, "input": {**each["input"], "data": {key: [text]}}}
            if not place:
                continue
            if part in components:
                raise FateError(
                    RetCode.OPERATING, f"Component {part}: its name is taken for table {place + 1} of {name}: rename it"
                )
            copies[part] = name
            said.append(f"[WARN]{name} measures its first table alone: {text} is measured by {part}")
    return (_copy_params(conf, copies), {**dsl, "components": found}, tuple(said)) if copies else (conf, dsl, ())


def _list_tables(component: Any) -> list[tuple[str, Any]]:
    """(key, `component.output`) of what an evaluation measures; nothing where it measures less than two tables."""
    if not isinstance(component, Mapping) or str(component.get("module", "")).casefold() not in MODULES:
        return []
    inputs = component.get("input")
    tables = inputs.get("data") if isinstance(inputs, Mapping) else None
    if not isinstance(tables, Mapping) or not all(isinstance(each, list) for each in tables.values()):
        return []
    found = [(key, text) for key, texts in tables.items() if key in DATA_KEYS for text in texts]
    return found if len(found) > 1 and set(tables) <= set(DATA_KEYS) else []


def _copy_params(conf: JsonObject, copies: Mapping[str, str]) -> JsonObject:
    """The conf whose layers of parameters have for each copy what they have for the first."""
    params = conf.get(PARAMS)
    if not isinstance(params, Mapping):
        return conf
    copied = {**params, **dict(_copy_members(params, copies))}
    return {**conf, PARAMS: copied}


def _copy_members(params: JsonObject, copies: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    common, roles = params.get("common"), params.get("role")
    if isinstance(common, Mapping):
        yield "common", _copy_layer(common, copies)
    if isinstance(roles, Mapping):
        yield (
            "role",
            {
                role: {selector: _copy_layer(layer, copies) for selector, layer in layers.items()}
                if isinstance(layers, Mapping)
                else layers
                for role, layers in roles.items()
            },
        )


def _copy_layer(layer: Any, copies: Mapping[str, str]) -> Any:
    if not isinstance(layer, Mapping):
        return layer
    return {**layer, **{part: layer[name] for part, name in copies.items() if name in layer}}
