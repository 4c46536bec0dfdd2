"""What the caller's parties let another party's jobs use: components and data tables."""

from typing import Final

from aiohttp import web

from api.dialects.fate.requests.permissions import list_names
from api.dialects.fate.routes import permissions
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.v2.requests.members import give, need, read_all
from api.dialects.fate.v2.responses.envelope import render_success, take_data
from api.dialects.fate.v2.vocabulary.catalogue import load_refs, name_ref
from api.dialects.fate.vocabulary.catalogue import find_module


async def grant(request: web.Request) -> web.Response:
    """Let a party's jobs use components, named as 2.x or 1.x names them, and data tables."""
    await _take(request)
    await permissions.grant(request)
    return render_success(message="success")


async def delete(request: web.Request) -> web.Response:
    """Take that back."""
    await _take(request)
    await permissions.delete(request)
    return render_success(message="success")


async def query(request: web.Request) -> web.Response:
    """What a party's jobs may use."""
    await _take(request)
    found = take_data(await permissions.query(request))
    shown = [name if (module := find_module(name)) is None else name_ref(module.name) for name in found["component"]]
    return render_success({**found, "component": sorted(set(shown))})


async def _take(request: web.Request) -> None:
    """Read the request; permissions name modules of FATE 1.x, whose names components of 2.x stand for."""
    members = await read_all(request)
    need(members, "party_id")
    known = load_refs()
    names = list_names(members, "component")
    give(request, {**members, "component": [known[name].module if name in known else name for name in names]})


ROUTES: Final[Routes] = {
    "/permission/resource/grant": {"POST": grant},
    "/permission/resource/delete": {"POST": delete},
    "/permission/resource/query": {"GET": query},
}
