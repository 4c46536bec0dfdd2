"""Credentials of clients that sign their requests: issue, list, revoke."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import PRINCIPAL, READER, SEAL, WRITER
from api.native.credentials import check_ending, check_issue, pick_visible
from api.native.documents import ClientBody
from api.native.render import render_client
from api.native.replies import ClientReply, NewClientReply, Page
from api.routing import Endpoints, render
from scheduler.domain.access import Action, Principal, Role
from scheduler.service.clients import ClientRequest, end_client, issue_client
from scheduler.store.queries.credentials import ClientView, get_client, list_clients
from scheduler.store.tx import Tx

endpoint: Final = Endpoints("clients")


@endpoint("GET", "/clients", reply=Page[ClientReply])
async def find_clients(request: web.Request) -> dict[str, Any]:
    """List the credentials of signing clients that the caller may see, without their secrets."""
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.READ_TOKENS)
    clients = await request.app[READER].read(list_clients)
    return {"items": [render_client(client) for client in pick_visible(principal, clients)], "next": None}


@endpoint("POST", "/clients", status=201, reply=NewClientReply)
async def add_client(request: web.Request, body: ClientBody) -> web.Response:
    """Issue an app key and its secret; the secret is in this answer and never shown again."""
    principal: Principal = request[PRINCIPAL]
    wanted = ClientRequest(
        name=body.name,
        role=Role(body.role),
        org=body.org or principal.org,
        project=body.project or principal.project,
        expires_s=body.expires_s,
    )
    check_issue(principal, wanted.role, org=wanted.org, project=wanted.project)
    by, seal = actor_of(request), request.app[SEAL]

    def issue(tx: Tx) -> tuple[ClientView, str]:
        return issue_client(tx, wanted, seal=seal, by=by, now=utc_now())

    client, secret = await request.app[WRITER].write(issue)
    return render({**render_client(client), "secret": secret}, status=201)


@endpoint("DELETE", "/clients/{client}", status=204)
async def delete_client(request: web.Request) -> None:
    """Revoke a client's credential at once, at every gateway."""
    client = request.match_info["client"]
    found = await request.app[READER].read(lambda tx: get_client(tx, client))
    check_ending(request, found, kind="client")
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: end_client(tx, client, by=by, now=utc_now()))
