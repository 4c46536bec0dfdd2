"""Models as the routes of FATE's find them: with their recipe, or by nothing but their version; and how large they are."""

from aiohttp import web

from api.dialects.fate.requests.models import Member
from api.dialects.fate.vocabulary.recipe import Recipe, read_recipe
from api.keys import PRINCIPAL, READER
from api.models.access import check_model
from scheduler.domain.access import Action
from scheduler.domain.errors import NotFoundError
from scheduler.service.models import ModelName
from scheduler.store.queries.models import Model, ModelFilter, get_model, list_models, list_parts
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


def measure_parts(tx: Tx, model: Model) -> dict[Member, int]:
    """Bytes of each member's parts; who has none is not among them."""
    sizes: dict[Member, int] = {}
    for part in list_parts(tx, model):
        member = (part.member.role, part.member.party)
        sizes[member] = sizes.get(member, 0) + part.output.size
    return sizes
