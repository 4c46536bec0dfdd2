"""From a runtime conf and a DSL to a draft of a job in the core's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from api.dialects.fate.errors import FateError, FateParamError, RetCode
from api.dialects.fate.requests.dsl import Component, parse_dsl
from api.dialects.fate.requests.job_settings import JobSettings
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.description import describe_job, makes_model
from api.dialects.fate.vocabulary.fate_job import DIALECT, FateJob
from api.dialects.fate.vocabulary.job_request import JobRequest
from api.dialects.fate.vocabulary.params import Place, split_params, translate_params
from api.dialects.fate.vocabulary.propagated_params import Given, propagate_params, warn_of_changes
from api.dialects.fate.vocabulary.roles import (
    Cast,
    cast_component,
    check_arbiter,
    check_readers,
    check_size,
    list_places,
)
from api.dialects.fate.vocabulary.slots import fit_slots
from api.dialects.fate.vocabulary.stored_tables import list_stored
from api.dialects.fate.vocabulary.wiring import Wiring
from scheduler.domain.access import Principal
from scheduler.domain.model import Retry
from scheduler.domain.plan import DEFAULT_RETRY, Draft, StepDraft
from scheduler.service.models import MODEL_ID_CHARS

MODEL_LABEL: Final = "model"
"""A job with this label makes a version of the model that it names."""
FAILURES: Final = ("error", "exit", "timeout", "invalid", "lost", "interrupted", "unreachable", "limit")


def make_draft(request: JobRequest, by: Principal) -> Draft:
    """The draft of the job; FateError (103) names what cannot be done."""
    components = parse_dsl(request.dsl)
    check_size(len(components), request.conf.roles)
    modules = {name: get_module(each.module, name) for name, each in components.items()}
    check_arbiter(components, modules, request.conf.roles)
    plain = Wiring(components=components, modules=modules)
    given = propagate_params(request, components)
    casts = {
        name: _cast(request, component, plain, given)
        for name, component in components.items()
        if name not in request.inherited
    }
    check_readers(casts, components)
    stored = list_stored(casts, modules)
    wiring = replace(
        plain,
        stored=stored,
        passed=frozenset(name for name, cast in casts.items() if not cast.given),
        earlier=request.inherited,
        trained=parse_dsl(request.trained.fate.dsl) if request.trained else {},
        pipeline=request.trained.locate() if request.trained else {},
    )
    slots, warnings = fit_slots(request.settings.cores, request.conf.roles, request.slots)
    kept = tuple(_warn(components, casts, wiring, given))
    steps = [
        replace(_draft_step(component, casts[name], wiring), slots=slots, retry=_make_retry(request.settings))
        for name, component in components.items()
        if name in casts and casts[name].given and name not in stored
    ]
    return _assemble(
        request, by, steps, describe_job(request, casts, modules, warnings=(*warnings, *kept), stored=stored)
    )


def _assemble(request: JobRequest, by: Principal, steps: Sequence[StepDraft], fate: FateJob) -> Draft:
    if not steps:
        raise FateError(RetCode.OPERATING, "no component is left to run: all are inherited or have need_run false")
    return Draft(
        name=f"fate-{request.settings.job_type}",
        owner=by.name,
        org=by.org,
        project=by.project,
        roles=request.conf.roles,
        steps=tuple(steps),
        priority=request.settings.priority,
        deadline_s=request.settings.timeout_s,
        dialect=DIALECT,
        labels=_label_model(fate),
        borrowed=fate.holders,
        origin=fate.render(),
    )


def _label_model(fate: FateJob) -> dict[str, str]:
    if not makes_model(fate):
        return {}
    if len(fate.model_id) > MODEL_ID_CHARS:
        raise FateError(
            RetCode.OPERATING,
            f"the model's id, made of all parties' ids, has {len(fate.model_id)} characters and may have {MODEL_ID_CHARS}: "
            "train with fewer parties, or with shorter ids",
        )
    return {MODEL_LABEL: fate.model_id}


def _cast(request: JobRequest, component: Component, wiring: Wiring, given: Given) -> Cast:
    module = wiring.modules[component.name]
    places = list_places(component, module, request.conf.roles, predicts=wiring.uses_predictor(component))
    return cast_component(
        component, module, {place: given[component.name][place] for place in places}, request.conf.roles
    )


def _warn(
    components: Mapping[str, Component], casts: Mapping[str, Cast], wiring: Wiring, given: Given
) -> Iterator[str]:
    """Of parameters that ask for another prediction than the model gives."""
    for name, cast in casts.items():
        if wiring.uses_predictor(components[name]):
            yield from warn_of_changes(components[name], wiring.modules[name], given, cast.given)


def _draft_step(component: Component, cast: Cast, wiring: Wiring) -> StepDraft:
    module = wiring.modules[component.name]
    predicts = wiring.uses_predictor(component)
    translated: dict[Place, dict[str, Any]] = {}
    for (role, position), given in cast.given.items():
        try:
            translated[role, position] = {} if predicts else translate_params(module, given, role)
        except FateParamError as wrong:
            raise FateError(
                RetCode.OPERATING, f"Component {component.name} at {role} {position}: {wrong.message}"
            ) from wrong
    params, overrides = split_params(translated)
    inputs: dict[str, str] = {}
    for port, reference in wiring.list_inputs(component):
        if inputs.setdefault(port, reference) != reference:
            raise FateError(
                RetCode.OPERATING,
                f"Component {component.name}: {inputs[port]} and {reference} are the same input of {module.name}; "
                "give one of them",
            )
    return StepDraft(
        name=component.name,
        run={"component": module.predictor if predicts else module.component},
        roles=cast.roles,
        needs=tuple(wiring.list_needs(component)),
        inputs=inputs,
        params=params,
        overrides=overrides,
    )


def _make_retry(settings: JobSettings) -> Retry:
    if not settings.retries:
        return DEFAULT_RETRY
    return Retry(attempts=1 + settings.retries, backoff_s=settings.retry_delay_s, on=FAILURES)
