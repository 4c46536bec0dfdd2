"""FATE's permissions: what the parties of the caller let another party's jobs use."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from api.bridge import utc_now
from api.callers import find_address
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.permissions import OLD, OLD_ALL, get_grantee, list_wanted, list_wanted_old
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.keys import PRINCIPAL, READER, SETTINGS, WRITER
from scheduler.domain.access import Action, Subject, is_allowed
from scheduler.domain.errors import NotFoundError
from scheduler.domain.grants import ALL, Grant
from scheduler.service.audit import Actor
from scheduler.service.grants import give_grants, take_grants
from scheduler.store.queries.grants import list_grants
from scheduler.store.queries.parties import list_parties

NOTHING_NAMED: Final = "success: the call names nothing, so nothing has changed"


async def grant(request: web.Request) -> web.Response:
    """`permission/grant` of 1.9 and later."""
    members = await read_members(request)
    return await _change(request, list_wanted(members, get_grantee(members, "party_id")), give_grants)


async def delete(request: web.Request) -> web.Response:
    """`permission/delete` of 1.9 and later."""
    members = await read_members(request)
    return await _change(request, list_wanted(members, get_grantee(members, "party_id")), take_grants)


async def query(request: web.Request) -> web.Response:
    """`permission/query` of 1.9 and later."""
    found = await _find(request, get_grantee(await read_members(request), "party_id"))
    datasets: list[Any] = []
    for each in found:
        if each.kind == "dataset":
            shown = ALL if not each.namespace else {"name": each.name, "namespace": each.namespace}
            datasets += [] if shown in datasets else [shown]
    return render_success({"component": _list_names(found, "component"), "dataset": datasets})


async def grant_old(request: web.Request) -> web.Response:
    """`permission/grant/privilege` of 1.4 to 1.8."""
    members = await read_members(request)
    return await _change(request, list_wanted_old(members, get_grantee(members, "src_party_id")), give_grants)


async def delete_old(request: web.Request) -> web.Response:
    """`permission/delete/privilege` of 1.4 to 1.8."""
    members = await read_members(request)
    return await _change(request, list_wanted_old(members, get_grantee(members, "src_party_id")), take_grants)


async def query_old(request: web.Request) -> web.Response:
    """`permission/query/privilege` of 1.4 to 1.8."""
    members = await read_members(request)
    grantee = get_grantee(members, "src_party_id")
    found = await _find(request, grantee)
    lists = {key: [OLD_ALL if name == ALL else name for name in _list_names(found, kind)] for key, kind in OLD.items()}
    return render_success({"src_party_id": grantee, "role": str(members.get("src_role", "")), **lists})


def _list_names(grants: list[Grant], kind: str) -> list[str]:
    return sorted({grant.name for grant in grants if grant.kind == kind})


async def _change(request: web.Request, wanted: list[Grant], change: Callable[..., None]) -> web.Response:
    if not wanted:
        return render_success(message=NOTHING_NAMED)
    parties = [party for party in await list_givers(request) if party != wanted[0].grantee]
    grants = [replace(each, party=party) for party in parties for each in wanted]
    by = Actor(request[PRINCIPAL], find_address(request))
    await request.app[WRITER].write(lambda tx: change(tx, grants, by=by, now=utc_now()))
    open_kinds = sorted({each.kind for each in wanted} - set(request.app[SETTINGS].guarded))
    note = f"; nothing is refused for want of it until FEDROTA_GUARDED names {', '.join(open_kinds)}"
    return render_success(message="success" + (note if open_kinds else ""))


async def _find(request: web.Request, grantee: str) -> list[Grant]:
    return await request.app[READER].read(lambda tx: list_grants(tx, grantee=grantee))


async def list_givers(request: web.Request) -> list[str]:
    """The parties in whose name the caller grants: that of FATE's clients where one is set, else all they control."""
    home = request.app[SETTINGS].fate_party
    parties = await request.app[READER].read(list_parties)
    if home and all(party.id != home for party in parties):
        raise NotFoundError("party", home)
    found = [
        party.id
        for party in parties
        if home in {"", party.id} and is_allowed(request[PRINCIPAL], Action.CONTROL_PARTY, Subject(org=party.org))
    ]
    if not found:
        raise FateError(
            RetCode.PERMISSION,
            f"{request[PRINCIPAL].name} controls no party whose permissions could change: sign with the key of an "
            "org_admin, or let FEDROTA_LEGACY_ROLE say what clients without a key may",
        )
    return found


ROUTES: Final[Routes] = {
    "/permission/grant": {"POST": grant},
    "/permission/delete": {"POST": delete},
    "/permission/query": {"POST": query},
    "/permission/grant/privilege": {"POST": grant_old},
    "/permission/delete/privilege": {"POST": delete_old},
    "/permission/query/privilege": {"POST": query_old},
}
