"""FATE's checkpoints of models: no component here leaves any, and these calls say so for a model that exists."""

from typing import Any, Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.models import find_text, need_texts, read_member
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.model_access import read_with_recipe
from api.models.access import name_model
from scheduler.domain.access import Action
from scheduler.domain.errors import NotFoundError


async def list_checkpoints(request: web.Request) -> web.StreamResponse:
    """The checkpoints of a component: none."""
    await _check(request, await read_members(request))
    return render_success([])


async def get_checkpoint(request: web.Request) -> web.StreamResponse:
    """One checkpoint, by the index or the name of its step: not found."""
    body = await read_members(request)
    await _check(request, body)
    index, name = find_text(body, "step_index"), find_text(body, "step_name")
    if bool(index) == bool(name):
        raise FateError(400, "give step_index or step_name, one of them", status=400)
    raise FateError(404, f"component {body['component_name']} left no checkpoint {index or name}", status=404)


async def _check(request: web.Request, body: dict[str, Any]) -> None:
    """FateError where arguments are missing, or model, party or component are not known."""
    try:
        model_id, version, component = need_texts(body, "model_id", "model_version", "component_name")
        role, party = read_member(body)
    except FateError as wrong:
        raise FateError(400, wrong.message, status=400) from wrong
    try:
        model, recipe = await read_with_recipe(request, name_model(request, model_id, version), Action.READ_JOB)
    except NotFoundError as wrong:
        raise FateError(404, f"Model {model_id} {version} not found.", status=404) from wrong
    if (role, party) not in {(member.role, member.party) for member in model.members}:
        raise FateError(RetCode.ARGUMENT, f"{role} {party} has no part in the model")
    if component not in recipe.trained.components:
        raise FateError(RetCode.ARGUMENT, f"the model has no component {component!r}")


ROUTES: Final[Routes] = {
    "/checkpoint/list": {"POST": list_checkpoints},
    "/checkpoint/get": {"POST": get_checkpoint},
}
