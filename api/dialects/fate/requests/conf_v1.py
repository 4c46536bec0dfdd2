"""Runtime confs and DSLs of version 1 (FATE 1.4 to 1.6) in the form of version 2."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.conf import read_object
from api.dialects.fate.requests.selectors import check_depth
from scheduler.domain.model import JsonObject

ARGS: Final = "args"


def is_version_1(conf: JsonObject) -> bool:
    """Whether a runtime conf is of version 1: it says so, or says nothing and has no parameters of version 2."""
    version = conf.get("dsl_version")
    if version is None:
        return "component_parameters" not in conf
    if str(version) not in {"1", "2"}:
        raise FateError(RetCode.OPERATING, f"dsl_version should be 1 or 2, not {version!r}")
    return str(version) == "1"


def convert_dsl(dsl: JsonObject) -> tuple[dict[str, Any], dict[str, str]]:
    """The DSL of version 2, and for each `args.x` the Reader that stands for it.

    Each `args.x` that is an input of a component becomes a Reader `reader_<n>` with the data output `x`.
    """
    check_depth(dsl, "the DSL")
    components = read_object(dsl.get("components"), "components")
    readers: dict[str, str] = {}
    converted = {name: _convert_component(each, readers, set(components)) for name, each in components.items()}
    added = {reader: {"module": "Reader", "output": {"data": [key]}} for key, reader in readers.items()}
    return {**dsl, "components": {**added, **converted}}, readers


def convert_conf(conf: JsonObject, readers: Mapping[str, str]) -> dict[str, Any]:
    """The runtime conf of version 2; `readers` are those of the DSL. FateError where a list has the wrong length."""
    check_depth(conf, "the runtime conf")
    roles = read_object(conf.get("role"), "role")
    given = read_object(conf.get("role_parameters"), "role_parameters")
    by_role: dict[str, dict[str, Any]] = {}
    for role, params in given.items():
        parties = roles.get(role, [])
        count = len(parties) if isinstance(parties, list) else 1
        own = read_object(params, role)
        layers = [_split_role(role, own, place, count=count, readers=readers) for place in range(count)]
        by_role[role] = {str(place): layer for place, layer in enumerate(layers)}
    settings = read_object(conf.get("job_parameters"), "job_parameters")
    is_nested = "common" in settings
    return {
        "dsl_version": 2,
        "initiator": conf.get("initiator"),
        "role": conf.get("role"),
        "job_parameters": settings if is_nested else {"common": settings},
        "component_parameters": {
            "common": read_object(conf.get("algorithm_parameters"), "algorithm_parameters"),
            "role": by_role,
        },
    }


def _convert_component(component: Any, readers: dict[str, str], taken: set[str]) -> Any:
    inputs = component.get("input") if isinstance(component, Mapping) else None
    tables = inputs.get("data") if isinstance(inputs, Mapping) else None
    if not isinstance(tables, Mapping) or not isinstance(inputs, Mapping):
        return component
    renamed = {
        key: [_rename(source, readers, taken) for source in sources] if isinstance(sources, list) else sources
        for key, sources in tables.items()
    }
    return {**component, "input": {**inputs, "data": renamed}}


def _rename(source: Any, readers: dict[str, str], taken: set[str]) -> Any:
    name, dot, key = str(source).partition(".")
    if name != ARGS or not dot:
        return source
    if key not in readers:
        number = next(n for n in range(len(taken) + len(readers) + 1) if _is_free(f"reader_{n}", readers, taken))
        readers[key] = f"reader_{number}"
    return f"{readers[key]}.{key}"


def _is_free(name: str, readers: Mapping[str, str], taken: set[str]) -> bool:
    return name not in taken and name not in readers.values()


def _split_role(
    role: str, params: JsonObject, place: int, *, count: int, readers: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """One party's parameters of each component, and the tables of its Readers."""
    layer: dict[str, dict[str, Any]] = {
        component: _pick(given, place, count, f"role_parameters.{role}.{component}")
        for component, given in params.items()
        if component != ARGS
    }
    tables = read_object(read_object(params.get(ARGS), ARGS).get("data"), "args.data")
    for key, listed in tables.items():
        reader = readers.get(key)
        if reader is not None:
            table = _pick(listed, place, count, f"role_parameters.{role}.args.data.{key}")
            layer[reader] = {"table": table}
    return layer


def _pick(given: Any, place: int, count: int, where: str) -> Any:
    if isinstance(given, Mapping):
        return {key: _pick(value, place, count, f"{where}.{key}") for key, value in given.items()}
    if not isinstance(given, list):
        raise FateError(RetCode.OPERATING, f"{where} should be a list with one value for each party of the role")
    if len(given) != count:
        raise FateError(RetCode.OPERATING, f"{where} has {len(given)} values, but the role has {count} parties")
    return given[place]
