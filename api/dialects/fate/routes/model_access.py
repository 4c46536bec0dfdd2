"""Models as the routes of FATE's find them: with their recipe, or by nothing but their version."""

from aiohttp import web

from api.dialects.fate.vocabulary.recipe import Recipe, read_recipe
from api.keys import PRINCIPAL, READER
from api.models.access import check_model
from scheduler.domain.access import Action
from scheduler.domain.errors import NotFoundError
from scheduler.service.models import ModelName
from scheduler.store.queries.models import Model, ModelFilter, get_model, list_models
from scheduler.store.tx import Tx


async def read_with_recipe(request: web.Request, name: ModelName, action: Action) -> tuple[Model, Recipe]:
    """The model with its recipe; NotFoundError where there is none."""

    def find(tx: Tx) -> tuple[Model, Recipe]:
        model = get_model(tx, name.project, name.model_id, name.version)
        return model, read_recipe(tx, model)

    model, recipe = await request.app[READER].read(find)
    check_model(request, model, action)
    return model, recipe


async def find_by_version(request: web.Request, version: str, action: Action) -> Model:
    """The model of that version, of whatever id (FATE names it by its job); NotFoundError where there is none."""
    wanted = ModelFilter(project=request[PRINCIPAL].project, version=version)
    found = (await request.app[READER].read(lambda tx: list_models(tx, wanted, limit=1))).items
    if not found:
        raise NotFoundError("model", version)
    check_model(request, found[0], action)
    return found[0]
