"""Tables: what there is, deleting, and taking in files that lie at a party."""

from typing import Any, Final

from aiohttp import web

from api.dialects.fate.requests.members import read_flag
from api.dialects.fate.routes import tables
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import Members, give, need, read_all
from api.dialects.fate.v2.responses.envelope import render_success, take_data
from api.dialects.fate.v2.routes.transfers import telling_what_is_there


async def query(request: web.Request) -> web.Response:
    """A table's count and schema; with `display` its first rows too."""
    members = await read_all(request)
    found = await _find(request, members)
    shown = {name: members[name] for name in ("namespace", "name")}
    shown |= {name: found[name] for name in ("count", "schema", "parties")}
    if read_flag(members, "display"):
        shown["display"] = take_data(await tables.preview(request))
    return render_success(shown)


async def delete(request: web.Request) -> web.Response:
    """Delete a table at every party that has it."""
    await _find(request, await read_all(request))
    await tables.delete_table(request)
    return render_success(message="success")


async def bind_path(request: web.Request) -> web.Response:
    """Take a CSV file that lies at a party in as a table."""
    members = await read_all(request)
    _, _, path = need(members, "namespace", "name", "path")
    give(request, {**members, "engine": "PATH", "address": {"path": path}})
    with telling_what_is_there():
        await tables.bind(request)
    return render_success(message="success")


async def _find(request: web.Request, members: Members) -> dict[str, Any]:
    namespace, name = need(members, "namespace", "name")
    found: dict[str, Any] = take_data(await tables.read_table_info(request))
    if not found["exist"]:
        raise FlowError(Code.TABLE_NOT_FOUND, f"no found table {namespace}/{name}")
    return found


ROUTES: Final[Routes] = {
    "/table/query": {"GET": query},
    "/table/delete": {"POST": delete},
    "/table/bind/path": {"POST": bind_path},
}
