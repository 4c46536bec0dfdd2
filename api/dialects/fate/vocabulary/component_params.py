"""A component's parameters as they are at one party: FATE's defaults below what the job gave."""

from collections.abc import Mapping
from typing import Any

from api.dialects.fate.errors import FateError, FateParamError
from api.dialects.fate.requests.conf import parse_conf
from api.dialects.fate.vocabulary.catalogue import find_module
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.params import fill_params


def resolve_params(fate: FateJob, component: str, *, role: str, position: int) -> dict[str, Any]:
    """The parameters under FATE's names; a module that is not FATE's has no defaults."""
    given = _merge_given(fate, component, role, position)
    module = find_module(fate.get_module(component))
    if module is None:
        return given
    try:
        return fill_params(module, given)
    except FateParamError:
        return given  # a job of another dialect: its parameters are the component's own


def _merge_given(fate: FateJob, component: str, role: str, position: int) -> dict[str, Any]:
    try:
        return parse_conf(fate.conf).get_params(component, role, position)
    except FateError:
        # What another dialect's job was made up from need not be a conf that FATE would take.
        params: Mapping[str, Any] = fate.conf.get("component_parameters") or {}
        return dict((params.get("common") or {}).get(component) or {})


def find_source(fate: FateJob, component: str) -> str:
    """The component whose output another one takes in first; itself where it takes none."""
    inputs = (fate.components.get(component) or {}).get("input") or {}
    for kind in ("data", "model"):
        given = inputs.get(kind)
        texts = [text for port in given.values() for text in port] if isinstance(given, Mapping) else given or []
        for text in texts:
            return str(text).removeprefix("pipeline.").partition(".")[0]
    return component
