"""Tokens: issue, list, revoke; and who the caller is."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import GATE, PRINCIPAL, READER, WRITER
from api.native.credentials import check_ending, check_issue, pick_visible
from api.native.documents import TokenBody
from api.native.render import render_token
from api.native.replies import IdentityReply, NewTokenReply, Page, TokenReply
from api.routing import Endpoints, render
from scheduler.domain.access import Action, Principal, Role
from scheduler.domain.errors import InvalidDocumentError, NotFoundError, Problem
from scheduler.service.tokens import TokenRequest, end_token, issue_token
from scheduler.store.queries.credentials import get_token, list_tokens
from scheduler.store.queries.parties import get_party

endpoint: Final = Endpoints("tokens")


@endpoint("GET", "/tokens", reply=Page[TokenReply])
async def find_tokens(request: web.Request) -> dict[str, Any]:
    """List the tokens that the caller may see, without their secrets."""
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.READ_TOKENS)
    tokens = await request.app[READER].read(list_tokens)
    return {"items": [render_token(token) for token in pick_visible(principal, tokens)], "next": None}


@endpoint("POST", "/tokens", status=201, reply=NewTokenReply)
async def add_token(request: web.Request, body: TokenBody) -> web.Response:
    """Issue a token; its secret is in this answer and never shown again."""
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.ISSUE_TOKEN)
    org = await _find_org(request, body) if body.party else body.org or principal.org
    project = body.project or principal.project
    role = Role(body.role) if body.role else None
    check_issue(principal, role, org=org, project=project)
    by = actor_of(request)

    wanted = TokenRequest(
        name=body.name, role=role, org=org, project=project, party=body.party, expires_s=body.expires_s
    )
    token, secret = await request.app[WRITER].write(lambda tx: issue_token(tx, wanted, by=by, now=utc_now()))
    return render({**render_token(token), "secret": secret}, status=201)


async def _find_org(request: web.Request, body: TokenBody) -> str:
    """The organisation of the worker's party."""
    party = body.party or ""
    try:
        return (await request.app[READER].read(lambda tx: get_party(tx, party))).org
    except NotFoundError as wrong:
        raise InvalidDocumentError(
            Problem("party", f"party {party!r} is not registered.", "Register it first.")
        ) from wrong


@endpoint("DELETE", "/tokens/{token}", status=204)
async def delete_token(request: web.Request) -> None:
    """Revoke a token; other gateways learn of it within seconds."""
    token = request.match_info["token"]
    found = await request.app[READER].read(lambda tx: get_token(tx, token))
    check_ending(request, found, kind="token")
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: end_token(tx, token, by=by, now=utc_now()))
    request.app[GATE].forget_all()


@endpoint("GET", "/whoami", reply=IdentityReply)
async def whoami(request: web.Request) -> IdentityReply:
    """Say who the gateway takes the caller for."""
    principal: Principal = request[PRINCIPAL]
    return {
        "name": principal.name,
        "kind": principal.kind,
        "role": principal.role,
        "org": principal.org,
        "project": principal.project,
    }
