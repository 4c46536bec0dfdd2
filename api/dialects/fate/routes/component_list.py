"""Which of FATE's modules there are, and what their parameters must be."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.dialects.fate.errors import FateError, FateParamError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.filters import refuse
from api.dialects.fate.requests.selectors import merge
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.vocabulary.catalogue import find_module, load_modules
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.params import NEED_RUN, translate_params
from api.keys import CATALOGUE, PRINCIPAL
from fedrota import __version__
from scheduler.domain.access import Action
from scheduler.domain.plan import nearest

PROVIDER: Final = "fedrota"
NOT_OURS: Final = (
    "/component/hetero/merge",
    "/component/woe_array/extract",
    "/component/woe_array/merge",
    "/provider/register",
    "/provider/update",
)


async def list_modules(request: web.Request) -> web.Response:
    """All modules by name, those that some party offers marked."""
    offered = await _list_offered(request)
    return render_success({name: _describe(module, offered) for name, module in load_modules().items()})


async def read_module(request: web.Request) -> web.Response:
    """One module, by its name or an alias."""
    name = request.match_info["name"]
    module = find_module(name)
    if module is None:
        raise refuse(f"there is no module {name!r}. {nearest(name, list(load_modules()))}".strip())
    return render_success(_describe(module, await _list_offered(request)))


async def validate_params(request: web.Request) -> web.Response:
    """Check a component's parameters for a role without submitting a job."""
    members = await read_members(request)
    missing = [name for name in ("component_module_name", "role") if not members.get(name)]
    if missing:
        raise refuse(f"required parameters are missing: {','.join(missing)}; ")
    module = find_module(str(members["component_module_name"]))
    if module is None:
        raise refuse(f"there is no module {members['component_module_name']!r}")
    given = members.get("component_parameters") or members.get("parameters") or {}
    own = given.get("ComponentParam", given) if isinstance(given, dict) else given
    if not isinstance(own, dict):
        raise refuse("component_parameters should be an object")
    try:
        translated = translate_params(module, own, str(members["role"]))
    except FateParamError as wrong:
        raise refuse(f"{members.get('component_name') or module.name}: {wrong.message}") from wrong
    return render_success({"component": module.component, "params": translated})


async def list_providers(request: web.Request) -> web.Response:
    """The one provider of all modules, in the shape of FATE-Flow's list."""
    offered = await _list_offered(request)
    modules = {name: _describe(module, offered) for name, module in load_modules().items()}
    detail = {"components": modules, "class_path": {}, "env": {}, "path": ""}
    return render_success({PROVIDER: {__version__: detail}})


async def read_provider(request: web.Request) -> web.Response:
    """The provider and its modules, where it goes by the name asked for."""
    name = request.match_info["name"]
    if name != PROVIDER:
        raise refuse(f"there is no provider {name!r}: all modules come with the workers' components, from {PROVIDER!r}")
    return await list_providers(request)


async def refuse_surgery(request: web.Request) -> web.Response:
    """Say that models are not taken apart and put together here, and that modules come with the parties' workers."""
    await read_members(request)
    raise FateError(
        RetCode.OPERATING,
        f"{request.path} is not supported here: models stay as training left them, and modules come with the workers' "
        "components",
    )


async def _list_offered(request: web.Request) -> set[str]:
    require(request[PRINCIPAL], Action.READ_PARTY)
    await read_members(request)
    catalogue = await request.app[CATALOGUE].get()
    return {name for offer in catalogue.offers.values() for name in offer}


def _describe(module: Module, offered: set[str]) -> dict[str, Any]:
    return {
        "module": module.name,
        "alias": list(module.aliases),
        "roles": list(module.roles),
        "parameters": merge({NEED_RUN: True}, module.params),
        "inputs": list(module.inputs),
        "outputs": {"data": len(module.data), "model": len(module.models)},
        "need_deploy": module.needs_deploy,
        "component": module.component,
        "available": module.component in offered,
    }


ROUTES: Final[Routes] = {
    "/component/get": {"POST": list_modules},
    "/component/validate": {"POST": validate_params},
    "/component/{name}/get": {"POST": read_module},
    "/provider/get": {"POST": list_providers},
    "/provider/registry/get": {"POST": list_providers},
    "/provider/{name}/get": {"POST": read_provider},
    **{path: {"POST": refuse_surgery} for path in NOT_OURS},
}
