"""Components: what a step may run, and at which parties."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.keys import PRINCIPAL, READER
from api.native.render import render_component
from api.native.replies import ComponentReply, Page
from api.routing import Endpoints
from scheduler.domain.access import Action
from scheduler.domain.errors import NotFoundError
from scheduler.store.queries.parties import list_components

endpoint: Final = Endpoints("components")


@endpoint("GET", "/components", reply=Page[ComponentReply])
async def find_components(request: web.Request) -> dict[str, Any]:
    """List the components that some party offers."""
    require(request[PRINCIPAL], Action.READ_PARTY)
    offers = await request.app[READER].read(list_components)
    return {"items": [render_component(offer) for offer in offers], "next": None}


@endpoint("GET", "/components/{component}", reply=ComponentReply)
async def read_component(request: web.Request) -> ComponentReply:
    """Get one component with the JSON Schema of its parameters."""
    require(request[PRINCIPAL], Action.READ_PARTY)
    name = request.match_info["component"]
    for offer in await request.app[READER].read(list_components):
        if offer.component.name == name:
            return render_component(offer)
    raise NotFoundError("component", name)
