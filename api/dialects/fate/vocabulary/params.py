"""A module's parameters as a job gives them: defaults filled in, unknown names refused, made the component's own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.module import Module
from scheduler.domain.model import JsonObject
from scheduler.domain.plan import nearest

NEED_RUN = "need_run"
"""Every module takes it: whether the component runs at the party.

A module that has it among its own parameters keeps its task where it is false: the component then hands its input on,
so that later steps find it at every party.
"""

ENCRYPTION: Final[Mapping[str, Any]] = {"method": "Paillier", "key_length": 2048}
"""FATE's key length is 1024, which counts as too short today; who asks for it gets it."""


def fill_params(module: Module, given: JsonObject) -> dict[str, Any]:
    """`given` with the module's defaults; FateParamError names what the module does not have."""
    own = {name: value for name, value in given.items() if name != NEED_RUN or NEED_RUN in module.params}
    return fill_defaults(module.params, own)


def fill_defaults(defaults: JsonObject, given: JsonObject, where: str = "") -> dict[str, Any]:
    """`given` over `defaults`, member by member; FateParamError below `where` names what there is not."""
    for name in given:
        if name not in defaults:
            raise FateParamError(f"{where}{name}", f"there is no such parameter. {nearest(name, defaults)}".strip())
    filled = dict(defaults)
    for name, value in given.items():
        default = defaults[name]
        if isinstance(default, Mapping) and default and value is not None:
            if not isinstance(value, Mapping):
                raise FateParamError(f"{where}{name}", f"should be an object with {', '.join(default)}")
            filled[name] = fill_defaults(default, value, f"{where}{name}.")
        else:
            filled[name] = value
    return filled


def translate_params(module: Module, given: JsonObject, role: str) -> dict[str, Any]:
    """The component's parameters for a party in `role`."""
    return module.translate(fill_params(module, given), role)


Place = tuple[str, int]
"""(role, position in it)."""


def split_params(by_place: Mapping[Place, JsonObject]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What all members have alike, and the rest by role or by `role.position`, as a step of the core has them."""
    shared = _shared(list(by_place.values()))
    rest = {place: _without(params, shared) for place, params in by_place.items()}
    overrides: dict[str, dict[str, Any]] = {}
    for role in dict.fromkeys(role for role, _ in rest):
        own = {position: params for (each, position), params in rest.items() if each == role}
        alike = _shared(list(own.values()))
        if alike:
            overrides[role] = alike
        for position, params in own.items():
            if single := _without(params, alike):
                overrides[f"{role}.{position}"] = single
    return shared, overrides


def _shared(several: Sequence[JsonObject]) -> dict[str, Any]:
    """The entries that all of `several` have with the same value and type."""
    first, others = several[0], several[1:]
    return {key: value for key, value in first.items() if _is_everywhere(key, value, others)}


def _is_everywhere(key: str, value: Any, others: Iterable[JsonObject]) -> bool:
    return all(key in each and type(each[key]) is type(value) and each[key] == value for each in others)


def _without(params: JsonObject, known: JsonObject) -> dict[str, Any]:
    return {key: value for key, value in params.items() if key not in known}
