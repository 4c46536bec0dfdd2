"""Providers and servers: what runs components, and what answers here."""

from typing import Final

from aiohttp import web

from api.auth import require
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.system import list_servers
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import need, read_all
from api.dialects.fate.v2.responses.envelope import render_success
from api.dialects.fate.v2.vocabulary.catalogue import load_refs
from api.keys import PRINCIPAL, READER
from api.native.system import find_version
from scheduler.domain.access import Action
from scheduler.store.queries.parties import list_components

NAME: Final = "fedrota"
DEVICE: Final = "local"
WHY: Final = (
    "components come with the parties' workers, and a worker tells this gateway which it has: install them there, and "
    "start it again"
)


async def query(request: web.Request) -> web.Response:
    """The one provider, with the components of 2.x that some party has; an empty list where another is asked for."""
    members = await read_all(request)
    require(request[PRINCIPAL], Action.READ_PARTY)
    offered = {each.component.name for each in await request.app[READER].read(list_components)}
    version = find_version()
    own = {
        "name": NAME,
        "device": DEVICE,
        "version": version,
        "provider_name": f"{NAME}:{version}@{DEVICE}",
    }
    if any(members.get(name) not in (None, "", value) for name, value in own.items()):
        return render_success([])
    return render_success([{**own, "metadata": {}, "components": list(load_refs()), "offered": sorted(offered)}])


async def register(request: web.Request) -> web.Response:
    """No provider is registered by a request."""
    need(await read_all(request), "name", "device", "version")
    raise FlowError(Code.PROVIDER_PARAMS, f"no provider is registered by a request: {WHY}")


async def delete(request: web.Request) -> web.Response:
    """No provider is deleted by a request."""
    await read_all(request)
    raise FlowError(Code.PROVIDER_PARAMS, f"no provider is deleted by a request: {WHY}")


async def read_servers(request: web.Request) -> web.Response:
    """The servers that clients can reach: this gateway."""
    await read_all(request)
    return render_success([{"name": name.lower(), **server} for name, server in list_servers(request).items()])


ROUTES: Final[Routes] = {
    "/provider/query": {"GET": query},
    "/provider/register": {"POST": register},
    "/provider/delete": {"POST": delete},
    "/server/fateflow": {"GET": read_servers},
}
