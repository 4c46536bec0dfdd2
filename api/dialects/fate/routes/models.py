"""FATE's model registry: deploy, migrate, query, and what predicts with a model."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import web

from api.bridge import utc_now
from api.callers import actor_of
from api.dialects.fate.errors import NOTHING, FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.dsl import parse_components
from api.dialects.fate.requests.models import (
    DeployRequest,
    MigrateRequest,
    find_text,
    list_members,
    need_texts,
    parse_deploy,
    parse_migrate,
)
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.models import DONE, render_outcomes, render_predict_conf, render_row
from api.dialects.fate.routes.answer import Answer, Routes, Streaming
from api.dialects.fate.routes.model_access import measure_parts, read_with_recipe
from api.dialects.fate.vocabulary.fate_job import FateJob, make_model_id, number_party
from api.dialects.fate.vocabulary.predict_dsl import add_code_paths, choose_deployed, derive_predict_dsl
from api.dialects.fate.vocabulary.recipe import Recipe, is_first_version, read_recipe
from api.keys import PRINCIPAL, READER, WRITER
from api.models.access import check_model, name_model
from scheduler.domain.access import Action
from scheduler.domain.errors import NotFoundError
from scheduler.service.ids import new_job_id
from scheduler.service.models import Deployment, ModelName, Relabeling, deploy_model, relabel_model
from scheduler.store.queries.models import Model, ModelFilter, list_models, list_parts
from scheduler.store.tx import Tx

MOST_ROWS: Final = 1000
PAGE: Final = 100
"""Models read in one transaction: each has a recipe, and parts to measure."""
_MODEL_MISSING: Final = "No model found, please check if arguments are specified correctly."


async def deploy(request: web.Request) -> web.StreamResponse:
    """Make a version of a model that predicts; the one it comes from stays as it is."""
    wanted = parse_deploy(await read_members(request))
    name = name_model(request, wanted.model_id, wanted.model_version)
    try:
        model, recipe = await read_with_recipe(request, name, Action.CONTROL_JOB)
    except NotFoundError as wrong:
        raise FateError(404, f"Deploy model failed. Model {name} not found.", status=404) from wrong
    dsl = _choose_dsl(wanted, recipe)
    now = utc_now()
    deployment = Deployment(
        version=new_job_id(now),
        components=tuple(dsl["components"]),
        recipe=Recipe(trained=recipe.trained, dsl=dsl).render(),
    )
    by = actor_of(request)
    child = await request.app[WRITER].write(lambda tx: deploy_model(tx, name, deployment, by=by, now=now))
    outcomes = {(member.role, member.party): (RetCode.SUCCESS, "deploy model success") for member in model.members}
    return render_success(
        {"model_id": child.model_id, "model_version": child.version, **render_outcomes(outcomes)}
    )  # fmt: skip


def _choose_dsl(wanted: DeployRequest, recipe: Recipe) -> dict[str, Any]:
    """The inference DSL: the one given, or derived from the one that trained."""
    trained = recipe.trained
    if wanted.dsl is not None:
        unknown = sorted(set(wanted.dsl["components"]) - set(trained.components))
        if unknown:
            raise FateError(RetCode.ARGUMENT, f"predict_dsl names components that the model has not: {unknown}")
        _check_dsl(wanted.dsl)
        return dict(wanted.dsl)
    chosen = wanted.components
    if chosen is None and is_first_version(trained):
        chosen = tuple(choose_deployed(trained.dsl))
    return derive_predict_dsl(trained.dsl, tuple(trained.components) if chosen is None else chosen)


def _check_dsl(dsl: Mapping[str, Any]) -> None:
    """FateError (101) where a DSL is none: whatever lists the model would stumble over it from then on."""
    try:
        parse_components(dsl)
    except FateError as wrong:
        raise FateError(RetCode.ARGUMENT, f"predict_dsl: {wrong.message}") from wrong


async def migrate(request: web.Request) -> web.StreamResponse:
    """Give a model's parts other parties' names, so that those parties can take them over from an export."""
    wanted = parse_migrate(await read_members(request))
    name = name_model(request, wanted.model_id, wanted.model_version)
    model, recipe = await read_with_recipe(request, name, Action.CONTROL_JOB)
    now = utc_now()
    new = name_model(request, make_model_id(wanted.roles), wanted.version or new_job_id(now))
    relabeling = Relabeling(name=new, members=wanted.members, recipe=_relabel(recipe, wanted, new).render())
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: relabel_model(tx, name, relabeling, by=by, now=now))
    message = (
        f"Migrating model successfully. New model id is: {new.model_id}, model version is: {new.version}. "
        "Export it and import it where the new parties are."
    )
    outcomes = dict.fromkeys(list_members(wanted.executors), (int(RetCode.SUCCESS), message))
    data = {"model_id": new.model_id, "model_version": new.version, **render_outcomes(outcomes)}
    return render_success(data, DONE[1], jobId=model.job)


def _relabel(recipe: Recipe, wanted: MigrateRequest, new: ModelName) -> Recipe:
    trained = recipe.trained
    return replace(
        recipe,
        trained=replace(
            trained,
            conf=_relabel_conf(trained.conf, wanted),
            sent_conf=_relabel_conf(trained.sent_conf, wanted),
            model_id=new.model_id,
            model_version=new.version,
            initiator=wanted.initiator,
            passed=_relabel_members(trained, wanted),
        ),
    )


def _relabel_conf(conf: Any, wanted: MigrateRequest) -> dict[str, Any]:
    role, party = wanted.initiator
    return {
        **conf,
        "initiator": {"role": role, "party_id": number_party(party)},
        "role": {each: [number_party(party) for party in parties] for each, parties in wanted.roles.items()},
    }


def _relabel_members(trained: FateJob, wanted: MigrateRequest) -> dict[str, tuple[tuple[str, str], ...]]:
    return {
        name: tuple(wanted.members.get(member, member) for member in members)
        for name, members in trained.passed.items()
    }


async def query(request: web.Request) -> web.StreamResponse:
    """The registry's rows that fit, one per party; retcode 100 and an empty list where there is none."""
    body = await read_members(request)
    rows, are_all = await _read_rows(request, body)
    if not rows:
        raise FateError(RetCode.EXCEPTION, "Query model info failed, cannot find model.", data=[])
    wanted = body.get("query_filters")
    if isinstance(wanted, list) and wanted:
        kept = {f"f_{name}" for name in map(str, wanted)} | {str(name) for name in wanted}
        rows = [{key: value for key, value in row.items() if key in kept} for row in rows]
    left_out = (
        f" Only {MOST_ROWS} rows, of the newest models, are shown: name model_id, role or party_id to see others."
    )
    return render_success(rows, "Query model info successfully." + ("" if are_all else left_out))


async def query_detail(request: web.Request) -> web.StreamResponse:
    """One model: its rows, and the parts that each party holds."""
    body = await read_members(request)
    name = name_model(request, *need_texts(body, "model_id", "model_version"))
    model, _ = await read_with_recipe(request, name, Action.READ_JOB)
    parts = await request.app[READER].read(lambda tx: list_parts(tx, model))
    return render_success(
        {
            "model_id": model.model_id,
            "model_version": model.version,
            "deployed": model.is_deployed,
            "tags": list(model.tags),
            "services": list(model.services),
            "rows": (await _read_rows(request, body))[0],
            "parts": [
                {
                    "role": part.member.role,
                    "party_id": part.member.party,
                    "component_name": part.output.where.step,
                    "name": part.output.name,
                    "size": part.output.size,
                    "sha256": part.output.sha256,
                }
                for part in parts
            ],
        }
    )


async def _read_rows(request: web.Request, body: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """The rows that the body asks for, of the newest models first, and whether these are all; FATE-Flow has no limit."""
    role, party = find_text(body, "role"), find_text(body, "party_id")
    wanted = ModelFilter(
        project=request[PRINCIPAL].project,
        model_id=find_text(body, "model_id"),
        version=find_text(body, "model_version"),
        role=role,
        party=party,
    )

    def find(tx: Tx, after: str | None) -> tuple[list[tuple[Model, Recipe, dict[tuple[str, str], int]]], str | None]:
        page = list_models(tx, wanted, after=after, limit=PAGE)
        return [(model, read_recipe(tx, model), measure_parts(tx, model)) for model in page.items], page.next

    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        found, after = await request.app[READER].read(partial(find, after=after))
        for model, recipe, sizes in found:
            check_model(request, model, Action.READ_JOB)
            rows += [
                render_row(model, member, recipe, sizes.get((member.role, member.party), 0))
                for member in model.members
                if role in {"", member.role} and party in {"", member.party}
            ]
        if after is None or len(rows) > MOST_ROWS:
            return rows[:MOST_ROWS], after is None and len(rows) <= MOST_ROWS


async def get_predict_dsl(request: web.Request) -> web.StreamResponse:
    """The inference DSL of a deployed model."""
    body = await read_members(request)
    _, recipe = await _read_predicting(request, body)
    if recipe.dsl is None:
        raise FateError(NOTHING, f"{_MODEL_MISSING} The model has not been deployed yet.", status=NOTHING)
    return _render_document(body, add_code_paths(recipe.dsl), "predict_dsl.json")


async def get_predict_conf(request: web.Request) -> web.StreamResponse:
    """A template of the conf of a job that predicts with the model."""
    body = await read_members(request)
    model, recipe = await _read_predicting(request, body)
    return _render_document(body, render_predict_conf(model, recipe), "predict_conf.json")


async def _read_predicting(request: web.Request, body: dict[str, Any]) -> tuple[Model, Recipe]:
    name = name_model(request, *need_texts(body, "model_id", "model_version"))
    try:
        return await read_with_recipe(request, name, Action.READ_JOB)
    except NotFoundError as wrong:
        raise FateError(NOTHING, _MODEL_MISSING, status=NOTHING) from wrong


def _render_document(body: dict[str, Any], document: dict[str, Any], default: str) -> web.Response:
    """The document in the envelope, or with `filename` as the file that the client saves."""
    named = body.get("filename")
    if not named:
        return render_success(document)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", str(named).replace("\\", "/").rpartition("/")[2])[:100] or default
    return web.Response(
        body=orjson.dumps(document, option=orjson.OPT_INDENT_2),
        content_type="application/json",
        headers={"Content-Disposition": f"attachment; filename={plain}"},
    )


def _make_refusal(what: str) -> Answer:
    async def refuse(request: web.Request) -> web.StreamResponse:  # noqa: ARG001  the signature is a handler's
        raise FateError(RetCode.OPERATING, what)

    return refuse


_NOT_OURS: Final = (
    "is not supported here: models are kept in their components' own format. Export the model (model/export) and "
    "convert its parts, which are JSON"
)
_NOT_NEEDED: Final = (
    "is a call between FATE-Flow servers and not needed here: one gateway speaks for all parties. Use {} instead"
)
ROUTES: Final[Routes] = {
    "/model/deploy": {"POST": deploy},
    "/model/migrate": {"POST": migrate},
    "/model/query": {"POST": query},
    "/model/query/detail": {"POST": query_detail},
    "/model/get/predict/dsl": {"POST": Streaming(get_predict_dsl, only_named=True)},
    "/model/get/predict/conf": {"POST": Streaming(get_predict_conf, only_named=True)},
    "/model/homo/convert": {"POST": _make_refusal(f"model/homo/convert {_NOT_OURS}")},
    "/model/homo/deploy": {"POST": _make_refusal(f"model/homo/deploy {_NOT_OURS}")},
    "/model/deploy/do": {"POST": _make_refusal("model/deploy/do " + _NOT_NEEDED.format("model/deploy"))},
    "/model/load/do": {"POST": _make_refusal("model/load/do " + _NOT_NEEDED.format("model/load"))},
    "/model/migrate/do": {"POST": _make_refusal("model/migrate/do " + _NOT_NEEDED.format("model/migrate"))},
    "/model/service/register": {"POST": _make_refusal("model/service/register " + _NOT_NEEDED.format("model/bind"))},
    "/model/archive/packaging": {
        "POST": _make_refusal("model/archive/packaging " + _NOT_NEEDED.format("model/export"))
    },
}
