"""A job as the DAG of FATE 2.x that it is: the one that was sent, or the one that follows from what it runs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.dsl import Component, Source, parse_dsl
from api.dialects.fate.v2.vocabulary.catalogue import find_ref, name_ref
from api.dialects.fate.v2.vocabulary.component_ref import PREDICT, TRAIN
from api.dialects.fate.vocabulary.fate_job import FateJob
from scheduler.domain.model import Job

VERSION: Final = "2.2.0"


def describe_schema(job: Job, fate: FateJob) -> dict[str, Any]:
    """`{dag, schema_version, kind}`."""
    if fate.dag:
        return dict(fate.dag)
    stage = PREDICT if fate.job_type == PREDICT else TRAIN
    dag = {
        "parties": list_parties(job),
        "conf": {"initiator_party_id": fate.initiator[1], "scheduler_party_id": fate.initiator[1]},
        "stage": stage,
        "tasks": dict(_describe_tasks(fate)),
        "party_tasks": _describe_party_tasks(job, fate),
    }
    return {"dag": dag, "schema_version": VERSION, "kind": "fate"}


def list_parties(job: Job) -> list[dict[str, Any]]:
    """Who takes part, as 2.x writes it."""
    return [{"role": role, "party_id": list(parties)} for role, parties in job.roles.items()]


def _describe_tasks(fate: FateJob) -> Iterator[tuple[str, dict[str, Any]]]:
    common: Mapping[str, Any] = (fate.conf.get("component_parameters") or {}).get("common") or {}
    components = _parse(fate)
    for name, each in fate.components.items():
        task: dict[str, Any] = {"component_ref": name_ref(str(each.get("module", "")))}
        if common.get(name):
            task["parameters"] = dict(common[name])
        component = components.get(name)
        if component is not None and component.sources:
            task["dependent_tasks"] = list(dict.fromkeys(source.component for source in component.sources))
            task["inputs"] = _describe_inputs(component)
        yield name, task


def _parse(fate: FateJob) -> Mapping[str, Component]:
    try:
        return parse_dsl(fate.dsl)
    except FateError:
        return {}  # a job of another dialect need not be a DSL that FATE would take


def _describe_inputs(component: Component) -> dict[str, Any]:
    ref = find_ref(component.module)
    keys = {target: key for key, target in reversed(list(ref.inputs.items()))} if ref is not None else {}
    found: dict[str, Any] = {}
    for source in component.sources:
        if source.kind == "cache":
            continue
        target = f"data.{source.key}" if source.kind == "data" else source.key
        by_key = found.setdefault(source.kind, {}).setdefault(keys.get(target, source.key), {})
        by_key.setdefault("model_warehouse" if source.is_pipeline else "task_output_artifact", []).append(_name(source))
    return found


def _name(source: Source) -> dict[str, str]:
    return {"producer_task": source.component, "output_artifact_key": source.output}


def _describe_party_tasks(job: Job, fate: FateJob) -> dict[str, Any]:
    """The parameters that single parties have."""
    by_role: Mapping[str, Any] = (fate.conf.get("component_parameters") or {}).get("role") or {}
    found: dict[str, Any] = {}
    for role, selectors in by_role.items():
        parties = job.roles.get(role, ())
        for selector, layer in selectors.items():
            chosen = [party for at, party in enumerate(parties) if selector == "all" or str(at) in selector.split("|")]
            for party in chosen:
                spec = {"parties": [{"role": role, "party_id": [party]}], "tasks": {}}
                tasks = found.setdefault(f"{role}_{party}", spec)["tasks"]
                for name, params in layer.items():
                    tasks[name] = {"parameters": {**tasks.get(name, {}).get("parameters", {}), **params}}
    return found
