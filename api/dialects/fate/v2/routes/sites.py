"""Sites and partners: both are parties here, which connect to this gateway by themselves."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import need, read_all
from api.dialects.fate.v2.responses.envelope import render_success
from api.dialects.fate.vocabulary.states import render_date, render_time
from api.keys import CATALOGUE, PRINCIPAL, READER, SETTINGS, WRITER
from api.monitor.state import PartyState, find_states
from api.native.parties import take_off
from scheduler.domain.access import Action, Principal, Subject
from scheduler.domain.errors import NotFoundError
from scheduler.service.parties import create_party
from scheduler.service.tokens import TokenRequest, issue_token
from scheduler.store.queries.parties import list_parties
from scheduler.store.tx import Tx

NO_PARTNERS: Final = (
    "is not needed here: parties do not call each other's servers, each connects to this gateway; register one with "
    "app/site/create and start its worker with the token that this gives"
)


async def create_site(request: web.Request) -> web.Response:
    """Register a party; `app_token` is what its worker proves itself with, shown this once."""
    (party,) = need(await read_all(request), "party_id")
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.ADMIT_PARTY, Subject(org=principal.org), kind="party", identity=party)
    by, now = actor_of(request), utc_now()

    def create(tx: Tx) -> tuple[str, str]:
        create_party(tx, party, org=principal.org, slots=None, by=by, now=now)
        wanted = TokenRequest(name=f"site {party}", party=party, org=principal.org, project=principal.project)
        token, secret = issue_token(tx, wanted, by=by, now=now)
        return token.id, secret

    token, secret = await request.app[WRITER].write(create)
    request.app[CATALOGUE].drop()
    return render_success({"party_id": party, "app_id": token, "app_token": secret, "app_type": "site"})


async def delete_site(request: web.Request) -> web.Response:
    """Take a party off the register."""
    (party,) = need(await read_all(request), "party_id")
    await take_off(request, party)
    return render_success({"status": True})


async def query_site(request: web.Request) -> web.Response:
    """A party as a site: whether its worker is there."""
    (party,) = need(await read_all(request), "party_id")
    require(request[PRINCIPAL], Action.READ_PARTY)
    for state in await find_states(request.app):
        if state.party.id == party:
            return render_success([_render(state)])
    raise NotFoundError("party", party)


async def query_partners(request: web.Request) -> web.Response:
    """The parties, or the one named: all are partners of each other."""
    members = await read_all(request)
    require(request[PRINCIPAL], Action.READ_PARTY)
    wanted = str(members.get("party_id") or "")
    return render_success([_render(each) for each in await find_states(request.app) if wanted in ("", each.party.id)])


async def refuse_partner(request: web.Request) -> web.Response:
    """Partners' tokens have no use."""
    raise FlowError(Code.RESTRICTED, f"{request.path.removeprefix('/v2/')} {NO_PARTNERS}")


async def read_site(request: web.Request) -> web.Response:
    """The party in whose name clients without a party of their own call; code 3000 where the gateway speaks for all."""
    require(request[PRINCIPAL], Action.READ_PARTY)
    home = request.app[SETTINGS].fate_party
    if not home:
        known = ", ".join(party.id for party in await request.app[READER].read(list_parties)) or "none yet"
        raise FlowError(
            Code.STANDALONE,
            f"this gateway speaks for every party ({known}): name one with each request, or set FEDROTA_FATE_PARTY",
        )
    return render_success({"party_id": home})


def _render(state: PartyState) -> dict[str, Any]:
    party = state.party
    return {
        "party_id": party.id,
        "app_type": "site",
        "online": state.is_online,
        "reason": state.reason,
        "cores": party.slots,
        "version": party.version,
        "create_time": render_time(party.created),
        "create_date": render_date(party.created),
    }


ROUTES: Final[Routes] = {
    "/app/site/create": {"POST": create_site},
    "/app/site/delete": {"POST": delete_site},
    "/app/site/query": {"GET": query_site},
    "/app/partner/create": {"POST": refuse_partner},
    "/app/partner/delete": {"POST": refuse_partner},
    "/app/partner/query": {"GET": query_partners},
    "/site/info/query": {"GET": read_site},
}
