"""A job's runtime conf, checked: who takes part, who began it, and everybody's parameters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.selectors import check_depth, is_selector, list_absent, merge, select_layers
from scheduler.domain.model import JsonObject

REQUIRED: Final = ("initiator", "role")
IGNORED: Final = ("work_mode", "backend")
"""Members that FATE itself dropped from 1.7 on, with a warning."""
COMMON_ONLY: Final = (
    "job_type", "model_id", "model_version", "task_cores", "auto_retries", "auto_retry_delay", "timeout", "priority",
    "inheritance_info",
)  # fmt: skip
"""The job's parameters that count for all parties alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeConf:
    """A runtime conf in the form of version 2; party ids are texts."""

    document: JsonObject
    roles: Mapping[str, tuple[str, ...]]
    initiator: tuple[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def settings(self) -> JsonObject:
        """The job's parameters for all parties."""
        return _member(_member(self.document, "job_parameters"), "common")

    def get_params(self, component: str, role: str, position: int) -> dict[str, Any]:
        """A component's parameters at one party, without any defaults."""
        params = _member(self.document, "component_parameters")
        layers = [_member(params, "common"), *select_layers(_member(params, "role"), role, position)]
        return merge(*(layer.get(component) or {} for layer in layers))

    def list_configured(self) -> set[str]:
        """The names of the components that have parameters."""
        params = _member(self.document, "component_parameters")
        names = set(_member(params, "common"))
        return names | {name for _, _, layer in _walk(_member(params, "role")) for name in layer}


def parse_conf(given: JsonObject) -> RuntimeConf:
    """The conf of version 2 that `given` is; FateError (103) names what is wrong with it."""
    missing = [name for name in REQUIRED if not given.get(name)]
    if missing:
        raise _refuse(f"required parameters are missing: {','.join(missing)}; ")
    check_depth(given, "the runtime conf")
    roles = _parse_roles(given["role"])
    initiator = _parse_initiator(given["initiator"], roles)
    document = {
        "dsl_version": 2,
        "initiator": given["initiator"],
        "role": given["role"],
        "job_parameters": _parse_layers(given, "job_parameters"),
        "component_parameters": _parse_layers(given, "component_parameters"),
    }
    return RuntimeConf(
        document=document, roles=roles, initiator=initiator, warnings=tuple(_warn(given, document, roles))
    )


def parse_party(given: Any, where: str) -> str:
    """A party's id as a text, from a number or a text; FateError where it is neither."""
    if isinstance(given, bool) or not isinstance(given, (int, str)) or not str(given).strip():
        raise _refuse(f"{where}: a party id is a number or a text, not {given!r}")
    return str(given).strip()


def read_object(given: Any, where: str) -> JsonObject:
    """`given` as a JSON object, an empty one for null; FateError where it is anything else."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise _refuse(f"{where} should be an object")
    return given


def _refuse(message: str) -> FateError:
    return FateError(RetCode.OPERATING, message)


def _member(given: JsonObject, name: str) -> JsonObject:
    found: JsonObject = given.get(name) or {}
    return found


def _parse_roles(given: Any) -> dict[str, tuple[str, ...]]:
    roles = {}
    for role, parties in read_object(given, "role").items():
        listed: Sequence[Any] = parties if isinstance(parties, list) else [parties]
        roles[role] = tuple(parse_party(party, f"role.{role}") for party in listed)
    return roles


def _parse_initiator(given: Any, roles: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    initiator = read_object(given, "initiator")
    role, party = str(initiator.get("role", "")), parse_party(initiator.get("party_id", ""), "initiator.party_id")
    if party not in roles.get(role, ()):
        shown = {name: list(parties) for name, parties in roles.items()}
        raise _refuse(f"initiator party id {party} not in roles {shown}")
    return role, party


def _parse_layers(given: JsonObject, name: str) -> dict[str, Any]:
    """`{common: {...}, role: {role: {selector: {...}}}}`, every level an object."""
    layers = read_object(given.get(name), name)
    by_role = {
        role: {
            selector: read_object(layer, f"{name}.role.{role}.{selector}")
            for selector, layer in read_object(selectors, f"{name}.role.{role}").items()
            if is_selector(selector)
        }
        for role, selectors in read_object(layers.get("role"), f"{name}.role").items()
    }
    common = read_object(layers.get("common"), f"{name}.common")
    if name == "component_parameters":
        for each in (common, *(layer for _, _, layer in _walk(by_role))):
            for component, params in each.items():
                read_object(params, f"parameters of component {component}")
    return {"common": common, "role": by_role}


def _walk(by_role: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    for role, selectors in by_role.items():
        for selector, layer in selectors.items():
            yield role, selector, layer


def _warn(given: JsonObject, document: JsonObject, roles: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name in IGNORED:
        if name in document["job_parameters"]["common"]:
            yield f"[WARN]{name} is removed,it does not take effect!"
    for name in ("job_parameters", "component_parameters"):
        for key in _member(given, name):
            if key not in document[name]:
                yield f"[WARN]{name}.{key} does not take effect: write it below {name}.common or {name}.role"
    yield from _warn_of_settings(document["job_parameters"])
    for role, selector, _ in _walk(document["component_parameters"]["role"]):
        where = f"component_parameters.role.{role}"
        if list_absent(selector, len(roles.get(role, ()))):
            yield f"[WARN]{where}.{selector} speaks of a party that the job does not have, it does not take effect!"
    yield from _warn_of_keys(given)


def _warn_of_settings(given: JsonObject) -> Iterator[str]:
    """One party's parameters of the job that ask for something else than all parties get."""
    for role, selector, layer in _walk(given["role"]):
        for name in COMMON_ONLY:
            if name in layer and layer[name] != given["common"].get(name):
                where = f"job_parameters.role.{role}.{selector}.{name}"
                yield f"[WARN]{where} does not take effect: it is the same for all parties, write it in common"


def _warn_of_keys(given: JsonObject) -> Iterator[str]:
    """The keys of roles' parameters that mean no party at all."""
    for role, selectors in _member(_member(given, "component_parameters"), "role").items():
        for selector in selectors or {}:
            if not is_selector(selector):
                where = f"component_parameters.role.{role}"
                yield f"[WARN]{where} has the key {selector!r}, it does not take effect: write all, or 0, or 0|1"
