"""Which model a call is about, whether its caller may do with it what they ask for, what it consists of."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.keys import PRINCIPAL, READER
from scheduler.domain.access import Action, subject_of
from scheduler.service.models import ModelName
from scheduler.store.queries.jobs import get_job, get_origin
from scheduler.store.queries.models import Model, Part, get_model, list_parts
from scheduler.store.tx import Tx

DIALECT: Final = "dialect"
ORIGIN: Final = "origin"


def name_model(request: web.Request, model_id: str, version: str) -> ModelName:
    """The model as the core names it: within the caller's project."""
    return ModelName(project=request[PRINCIPAL].project, model_id=model_id, version=version)


def check_model(request: web.Request, model: Model, action: Action) -> None:
    """ForbiddenError where the caller may not do `action` to the model."""
    require(request[PRINCIPAL], action, subject_of(model), kind="model", identity=f"{model.model_id} {model.version}")


async def read_model(request: web.Request, name: ModelName, action: Action) -> Model:
    """The model; NotFoundError where there is none."""
    model = await request.app[READER].read(lambda tx: get_model(tx, name.project, name.model_id, name.version))
    check_model(request, model, action)
    return model


async def read_parts(request: web.Request, model: Model) -> list[Part]:
    """The model's parts, which the caller may read."""
    check_model(request, model, Action.READ_OUTPUT)
    return await request.app[READER].read(lambda tx: list_parts(tx, model))


def describe_recipe(tx: Tx, model: Model) -> dict[str, Any]:
    """What an archive says of how the model was made: what its dialect keeps, else its job's own document."""
    if model.recipe is not None:
        return model.recipe
    return {DIALECT: get_job(tx, model.job).dialect, ORIGIN: get_origin(tx, model.job)}
