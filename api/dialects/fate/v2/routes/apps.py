"""Who may call: clients with their tokens and roles, and the sites that parties are."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.dialects.fate.routes.answer import Answer, Routes
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import need, read_all
from api.dialects.fate.v2.responses.envelope import render_success
from api.dialects.fate.v2.vocabulary.roles import LEFT, ROLES, USUAL, list_actions, name_role
from api.dialects.fate.vocabulary.states import render_date, render_time
from api.keys import PRINCIPAL, READER, SEAL, WRITER
from api.native.credentials import check_issue, subject_of
from scheduler.domain.access import Action, Principal, Role, is_allowed
from scheduler.service.clients import ClientRequest, change_role, end_client, issue_client
from scheduler.store.queries.credentials import ClientView, get_client, list_clients
from scheduler.store.tx import Tx


async def create_client(request: web.Request) -> web.Response:
    """Issue an app id and its token, which is shown this once."""
    (name,) = need(await read_all(request), "app_name")
    principal: Principal = request[PRINCIPAL]
    wanted = ClientRequest(name=name[:200], role=ROLES[USUAL], org=principal.org, project=principal.project)
    check_issue(principal, wanted.role, org=wanted.org, project=wanted.project)
    by, seal = actor_of(request), request.app[SEAL]

    def issue(tx: Tx) -> tuple[ClientView, str]:
        return issue_client(tx, wanted, seal=seal, by=by, now=utc_now())

    client, secret = await request.app[WRITER].write(issue)
    return render_success({**_render(client), "app_token": secret})


async def delete_client(request: web.Request) -> web.Response:
    """Revoke a client's token at once."""
    client = await _check(request, Action.ISSUE_TOKEN)
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: end_client(tx, client.id, by=by, now=utc_now()))
    return render_success({"status": True})


async def query_clients(request: web.Request) -> web.Response:
    """The clients that the caller may see, without their tokens."""
    members, principal = await read_all(request), request[PRINCIPAL]
    require(principal, Action.READ_TOKENS)
    wanted = {"id": members.get("app_id"), "name": members.get("app_name")}
    clients = await request.app[READER].read(list_clients)
    return render_success(
        [
            _render(client)
            for client in clients
            if client.revoked is None
            and is_allowed(principal, Action.READ_TOKENS, subject_of(client))
            and all(value in (None, "", getattr(client, name)) for name, value in wanted.items())
        ]
    )


async def grant(request: web.Request) -> web.Response:
    """Give a client one of 2.x's roles, in place of the one that it has."""
    members = await read_all(request)
    _, role = need(members, "app_id", "role")
    if role not in ROLES:
        raise FlowError(Code.ROLE_TYPE, f"there is no role {role!r}: use {', '.join(ROLES)}")
    await _change(request, ROLES[role])
    return render_success(message="success")


async def delete(request: web.Request) -> web.Response:
    """Take a role from a client: it may look on from then."""
    members = await read_all(request)
    _, role = need(members, "app_id", "role")
    client = await _check(request, Action.ISSUE_TOKEN)
    if name_role(client.role) != role:
        raise FlowError(Code.ROLE_TYPE, f"client {client.id} is no {role}: it is {name_role(client.role)}")
    await _change(request, LEFT)
    return render_success(message="success")


async def query(request: web.Request) -> web.Response:
    """A client's role, and what it may ask for."""
    client = await _check(request, Action.READ_TOKENS)
    return render_success({"roles": [name_role(client.role)], "permission": list_actions(client.role)})


async def query_roles(request: web.Request) -> web.Response:
    """2.x's roles."""
    require(request[PRINCIPAL], Action.READ_JOB)
    return render_success(list(ROLES))


async def _change(request: web.Request, role: Role) -> None:
    client = await _check(request, Action.ISSUE_TOKEN)
    check_issue(request[PRINCIPAL], role, org=client.org, project=client.project)
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: change_role(tx, client.id, role, by=by, now=utc_now()))


async def _check(request: web.Request, action: Action) -> ClientView:
    """The client that the request names, if the caller may do `action` to it."""
    (app,) = need(await read_all(request), "app_id")
    found = await request.app[READER].read(lambda tx: get_client(tx, app))
    require(request[PRINCIPAL], action, subject_of(found), kind="client", identity=app)
    return found


def _render(client: ClientView) -> dict[str, Any]:
    return {
        "app_id": client.id,
        "app_name": client.name,
        "app_type": "client",
        "create_time": render_time(client.created),
        "create_date": render_date(client.created),
    }


def _post(answer: Answer) -> dict[str, Answer]:
    return {"POST": answer}


ROUTES: Final[Routes] = {
    "/app/client/create": _post(create_client),
    "/app/client/delete": _post(delete_client),
    "/app/client/query": {"GET": query_clients},
    "/permission/grant": _post(grant),
    "/permission/delete": _post(delete),
    "/permission/query": {"GET": query},
    "/permission/role/query": {"GET": query_roles},
}
