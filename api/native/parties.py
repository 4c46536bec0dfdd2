"""Parties: register, change, drain, resume, remove."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import CATALOGUE, GATE, PRINCIPAL, READER, SETTINGS, WRITER
from api.monitor.state import PartyState, find_states, read_states
from api.native.documents import PartyBody, PartyChange
from api.native.replies import Page, PartyReply
from api.routing import ROOT, Endpoints, render
from scheduler.domain.access import Action, Principal, Subject
from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Party
from scheduler.service.parties import PartyPatch, change_party, create_party, remove_party
from scheduler.store.queries.parties import get_party
from scheduler.store.tx import Tx

endpoint: Final = Endpoints("parties")


async def check_party(request: web.Request, party: str, action: Action) -> Party:
    """The party, if the caller may do `action` to it."""
    found = await request.app[READER].read(lambda tx: get_party(tx, party))
    require(request[PRINCIPAL], action, Subject(org=found.org), kind="party", identity=party)
    return found


def render_party(state: PartyState) -> PartyReply:
    """A party and how busy it is."""
    party, load = state.party, state.load
    return {
        "id": party.id,
        "org": party.org,
        "slots": party.slots,
        "in_use": load.in_use,
        "drained": party.drained,
        "online": state.is_online,
        "last_seen": party.last_seen,
        "version": party.version,
        "waiting": load.waiting,
        "dispatched": load.dispatched,
        "running": load.running,
        "reason": state.reason,
        "components": list(state.components),
        "facts": dict(party.facts),
        "created": party.created,
    }


@endpoint("GET", "/parties", reply=Page[PartyReply])
async def find_parties(request: web.Request) -> dict[str, Any]:
    """List the registered parties, offline ones too."""
    require(request[PRINCIPAL], Action.READ_PARTY)
    return {"items": [render_party(state) for state in await find_states(request.app)], "next": None}


@endpoint("GET", "/parties/{party}", reply=PartyReply)
async def read_party(request: web.Request) -> PartyReply:
    """Get one party."""
    party = request.match_info["party"]
    await check_party(request, party, Action.READ_PARTY)
    return await _read_again(request, party)


async def _read_again(request: web.Request, party: str) -> PartyReply:
    offline_s = request.app[SETTINGS].offline_s

    def find(tx: Tx) -> PartyState:
        for state in read_states(tx, now=utc_now(), offline_s=offline_s):
            if state.party.id == party:
                return state
        raise NotFoundError("party", party)

    return render_party(await request.app[READER].read(find))


@endpoint("POST", "/parties", status=201, reply=PartyReply)
async def add_party(request: web.Request, body: PartyBody) -> web.Response:
    """Register a party; its worker then needs a token of its own."""
    principal: Principal = request[PRINCIPAL]
    org = body.org or principal.org
    require(principal, Action.ADMIT_PARTY, Subject(org=org), kind="party", identity=body.id)
    by = actor_of(request)
    await request.app[WRITER].write(
        lambda tx: create_party(tx, body.id, org=org, slots=body.slots, by=by, now=utc_now())
    )
    request.app[CATALOGUE].drop()
    return render(await _read_again(request, body.id), status=201, headers={"Location": f"{ROOT}/parties/{body.id}"})


@endpoint("PATCH", "/parties/{party}", reply=PartyReply)
async def update_party(request: web.Request, body: PartyChange) -> PartyReply:
    """Change a party's slots or its organisation."""
    party = request.match_info["party"]
    await check_party(request, party, Action.CONTROL_PARTY)
    if body.org is not None:
        require(request[PRINCIPAL], Action.CONTROL_PARTY, Subject(org=body.org), kind="organisation", identity=body.org)
    return await _change(request, party, PartyPatch(slots=body.slots, org=body.org))


@endpoint("POST", "/parties/{party}/drain", reply=PartyReply)
async def drain_party(request: web.Request) -> PartyReply:
    """Give a party no new work; what runs there goes on."""
    party = request.match_info["party"]
    await check_party(request, party, Action.CONTROL_PARTY)
    return await _change(request, party, PartyPatch(drained=True))


@endpoint("POST", "/parties/{party}/resume", reply=PartyReply)
async def resume_party(request: web.Request) -> PartyReply:
    """Give a drained party work again."""
    party = request.match_info["party"]
    await check_party(request, party, Action.CONTROL_PARTY)
    return await _change(request, party, PartyPatch(drained=False))


async def _change(request: web.Request, party: str, patch: PartyPatch) -> PartyReply:
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: change_party(tx, party, patch, by=by, now=utc_now()))
    return await _read_again(request, party)


@endpoint("DELETE", "/parties/{party}", status=204)
async def delete_party(request: web.Request) -> None:
    """Take a party off the register, with the registration of its tables; its worker's tokens end."""
    await take_off(request, request.match_info["party"])


async def take_off(request: web.Request, party: str) -> None:
    """Take a party off the register, if the caller may; this gateway takes its worker's tokens no more from now on."""
    await check_party(request, party, Action.ADMIT_PARTY)
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: remove_party(tx, party, by=by, now=utc_now()))
    request.app[GATE].forget_all()
    request.app[CATALOGUE].drop()
