"""Models as FATE's clients read them: registry rows, outcomes per party, templates."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from api.dialects.fate.errors import RetCode
from api.dialects.fate.vocabulary.fate_job import FateJob, number_party
from api.dialects.fate.vocabulary.predict_dsl import add_code_paths
from api.dialects.fate.vocabulary.recipe import Recipe
from api.dialects.fate.vocabulary.states import render_date, render_time
from scheduler.store.queries.models import Model, ModelMember

Outcome = tuple[int, str]
"""Return code and message."""
DONE: Final[Outcome] = (RetCode.SUCCESS, "success")
_SERVED: Final = ("guest", "host")
VERSION: Final = "1.11.2"
"""The last FATE-Flow of the first interface; clients that look at a version mean what it can do."""


def render_outcomes(outcomes: Mapping[tuple[str, str], Outcome]) -> dict[str, Any]:
    """`data[role][party]` and `data.detail[role][party]`."""
    shown: dict[str, Any] = {}
    detail: dict[str, Any] = {}
    for (role, party), (code, message) in outcomes.items():
        shown.setdefault(role, {})[party] = int(code)
        detail.setdefault(role, {})[party] = {"retcode": int(code), "retmsg": message}
    return {**shown, "detail": detail}


def summarise(outcomes: Iterable[Outcome]) -> Outcome:
    """101 and `failed` where any party failed."""
    return DONE if all(code == RetCode.SUCCESS for code, _ in outcomes) else (RetCode.ARGUMENT, "failed")


def render_row(model: Model, member: ModelMember, recipe: Recipe, size: int) -> dict[str, Any]:
    """A party's row of the registry."""
    trained = recipe.trained
    parent = {"parent_model_id": model.parent[0], "parent_model_version": model.parent[1]} if model.parent else {}
    return {
        **_render_times(model.created),
        "f_archive_from_ip": None,
        "f_archive_sha256": None,
        "f_fate_version": VERSION,
        "f_imported": int(model.imported),
        "f_inference_dsl": {} if recipe.dsl is None else add_code_paths(recipe.dsl),
        "f_initiator_party_id": trained.initiator[1],
        "f_initiator_role": trained.initiator[0],
        "f_job_id": model.job,
        "f_loaded_times": member.loaded,
        "f_model_id": model.model_id,
        "f_model_version": model.version,
        "f_parent": None if model.parent else True,
        "f_parent_info": parent,
        "f_party_id": member.party,
        "f_role": member.role,
        "f_roles": _render_roles(model),
        "f_runtime_conf": trained.conf,
        "f_runtime_conf_on_party": trained.conf,
        "f_size": size,
        "f_train_dsl": trained.dsl,
        "f_train_runtime_conf": trained.conf,
    }


def _render_times(created: datetime) -> dict[str, Any]:
    stamp, date = render_time(created), render_date(created)
    return {"f_create_date": date, "f_create_time": stamp, "f_update_date": date, "f_update_time": stamp}


def _render_roles(model: Model) -> dict[str, list[int | str]]:
    roles: dict[str, list[int | str]] = {}
    for member in model.members:
        roles.setdefault(member.role, []).append(number_party(member.party))
    return roles


def render_predict_conf(model: Model, recipe: Recipe) -> dict[str, Any]:
    """A conf for a job that predicts with the model, in which only the readers' tables are left to be filled in."""
    trained: FateJob = recipe.trained
    params = trained.conf.get("job_parameters") or {}
    common = {
        **(params.get("common") or {}),
        "model_id": model.model_id,
        "model_version": model.version,
        "job_type": "predict",
    }
    components: Mapping[str, Any] = (recipe.dsl or trained.dsl).get("components", {})
    readers = [name for name, each in components.items() if str(each.get("module", "")).lower() == "reader"]
    tables = {
        name: {"table": {"name": f"name_to_be_filled_{place}", "namespace": f"namespace_to_be_filled_{place}"}}
        for place, name in enumerate(readers)
    }
    roles = _render_roles(model)
    return {
        "dsl_version": 2,
        "initiator": trained.conf.get("initiator", {}),
        "role": roles,
        "job_parameters": {**params, "common": common},
        "component_parameters": {
            "role": {
                role: {str(place): tables for place in range(len(parties))}
                for role, parties in roles.items()
                if role in _SERVED
            }
        },
    }
