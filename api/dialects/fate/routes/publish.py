"""FATE's `model/load` and `model/bind`: what serves predictions hears of models, the registry counts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from api.bridge import utc_now
from api.callers import actor_of
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.models import Member, Target, find_text, list_members, parse_target
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.models import Outcome, render_outcomes, summarise
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.model_access import find_by_version, read_with_recipe
from api.dialects.fate.vocabulary.recipe import Recipe, is_first_version
from api.keys import SETTINGS, WRITER
from api.models.access import name_model
from api.models.publish import publish
from scheduler.domain.access import Action
from scheduler.domain.errors import NotFoundError
from scheduler.service.models import ModelName, bind_service, note_load
from scheduler.store.queries.models import Model

ARBITER: Final = "arbiter"


async def load(request: web.Request) -> web.StreamResponse:
    """Tell what serves predictions of a model, once for all parties; doing it again is harmless."""
    target = await _find_target(request, await read_members(request))
    name = name_model(request, target.model_id, target.model_version)
    model, recipe = await read_with_recipe(request, name, Action.CONTROL_JOB)
    outcomes = _judge(model, recipe, target)
    ready = [member for member, (code, _) in outcomes.items() if code == RetCode.SUCCESS]
    if ready:
        await publish(request.app[SETTINGS].model_publisher, _make_notice("load", name, ready))
        by = actor_of(request)
        await request.app[WRITER].write(lambda tx: note_load(tx, name, ready, by=by, now=utc_now()))
    code, message = summarise(outcomes.values())
    if code != RetCode.SUCCESS:
        raise FateError(code, message, data=render_outcomes(outcomes), jobId=model.job)
    return render_success(render_outcomes(outcomes), message, jobId=model.job)


def _judge(model: Model, recipe: Recipe, target: Target) -> dict[Member, Outcome]:
    """Which of the parties asked for may load the model; an arbiter has nothing to serve."""
    members = [(member.role, member.party) for member in model.members]
    asked = members if target.roles is None else list_members(target.roles)
    may = model.is_deployed or is_first_version(recipe.trained)
    return {member: _judge_member(member, members, may=may) for member in asked if member[0] != ARBITER}


def _judge_member(member: Member, members: Sequence[Member], *, may: bool) -> Outcome:
    if member not in members:
        return RetCode.EXCEPTION, f"{member[0]} {member[1]} has no part in the model"
    if not may:
        return RetCode.EXCEPTION, "model has not been deployed yet: deploy it (model/deploy) and load the new version"
    return RetCode.SUCCESS, "success"


async def bind(request: web.Request) -> web.StreamResponse:
    """Let a service answer with a model from now on."""
    body = await read_members(request)
    service = find_text(body, "service_id")
    if not service:
        raise FateError(RetCode.ARGUMENT, "no service id")
    target = await _find_target(request, body)
    name = name_model(request, target.model_id, target.model_version)
    model, _ = await read_with_recipe(request, name, Action.CONTROL_JOB)
    members = [(member.role, member.party) for member in model.members if member.role != ARBITER]
    notice = {**_make_notice("bind", name, members), "service_id": service}
    await publish(request.app[SETTINGS].model_publisher, notice)
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: bind_service(tx, name, service, by=by, now=utc_now()))
    return render_success(message=f"service id is {service}")


async def _find_target(request: web.Request, body: Mapping[str, Any]) -> Target:
    target = parse_target(body)
    if target is not None:
        return target
    version = find_text(body, "job_id")
    try:
        model = await find_by_version(request, version, Action.READ_JOB)
    except NotFoundError as wrong:
        raise FateError(RetCode.ARGUMENT, f"model with version {version} can not be found in database") from wrong
    return Target(model_id=model.model_id, model_version=model.version, roles=None)


def _make_notice(event: str, name: ModelName, members: list[Member]) -> dict[str, Any]:
    parties: dict[str, list[str]] = {}
    for role, party in members:
        parties.setdefault(role, []).append(party)
    return {"event": event, "model_id": name.model_id, "model_version": name.version, "parties": parties}


ROUTES: Final[Routes] = {"/model/load": {"POST": load}, "/model/bind": {"POST": bind}}
