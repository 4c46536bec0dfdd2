"""Restart and shutdown of workers, the release of a site's connection, and which gateways serve."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.agent.channel import CHANNEL_HUB
from api.auth import require
from api.bridge import utc_now
from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.flags import take_one
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.responses import make_dict, make_line, make_success
from api.dialects.flare.routes.system import System, get_site, look
from api.dialects.flare.vocabulary.targets import Targets, choose_targets
from api.keys import SETTINGS, STARTED, WRITER
from scheduler.domain.access import Action, Principal, Role, Subject
from scheduler.domain.errors import FedrotaError, UnreachableError
from scheduler.domain.model import Party
from scheduler.service.audit import Actor, note

OP: Final = "worker.end"
RETURN_S: Final = 3.0
LOOK_S: Final = 0.1
ANSWERS: Final = {"restart": "Restart the client...", "shutdown": "Shutdown the client..."}


async def restart(call: Call) -> Reply:
    """Restart the workers of the server, of sites or of all."""
    return await _end(call, "restart")


async def shutdown(call: Call) -> Reply:
    """Shut down the workers of the server, of sites or of all."""
    return await _end(call, "shutdown")


async def _end(call: Call, how: str) -> Reply:
    """Tell every worker that is meant; one that cannot be told is named in the reply and does not stop the others."""
    system = await look(call)
    targets = choose_targets(call.words, system.parties, server=system.server)
    if targets.server is not None:
        _check_idle(system, how)
    parties = choose_parties(call, system, targets, Action.RESTART_SITE)
    told = await tell_each(call, parties, OP, {"how": how}, note_as=f"{how}_site")
    return _render(told, call.words, system, how=how, server=targets.server)


def choose_parties(call: Call, system: System, targets: Targets, action: Action) -> list[Party]:
    """The connected ones of those that are meant, to all of which the caller may do `action`; FlareError for none."""
    wanted = [*targets.sites, *([targets.server] if targets.server else [])]
    parties = [party for party in system.parties if party.id in wanted]
    for party in parties:
        require(call.by, action, Subject(org=party.org), kind="site", identity=party.id)
    connected = [party for party in parties if party in system.connected]
    if targets.sites and not any(party.id in targets.sites for party in connected):
        raise FlareError(MetaStatus.NO_CLIENTS, "no clients available")
    return connected


async def tell_each(
    call: Call, parties: Sequence[Party], op: str, args: Mapping[str, Any], *, note_as: str
) -> dict[str, str]:
    """Have each party's worker do `op`; by party what went wrong, empty where nothing did, which the audit trail notes."""
    answers = await asyncio.gather(*(_tell(call, party, op, {**args, "by": call.by.name}) for party in parties))
    told = {party.id: answer for party, answer in zip(parties, answers, strict=True)}
    for party, wrong in told.items():
        if not wrong:
            await _note(call, note_as, party)
    return told


async def _tell(call: Call, party: Party, op: str, args: Mapping[str, Any]) -> str:
    """What went wrong; a worker that was here a moment ago may be on its way back, so it has RETURN_S."""
    give_up = time.monotonic() + RETURN_S
    while True:
        try:
            await call.app[CHANNEL_HUB].call(party.id, op, args)
        except UnreachableError as wrong:
            if time.monotonic() > give_up:
                return wrong.message
            await asyncio.sleep(LOOK_S)
        except FedrotaError as wrong:
            return wrong.message
        else:
            return ""


def _check_idle(system: System, how: str) -> None:
    running = sorted({task.job_id for task in system.tasks})
    if running and how == "shutdown":
        raise FlareError(
            MetaStatus.JOB_RUNNING, f"there are still running jobs: {', '.join(running[:5])}", job_id=running[0]
        )
    if running:
        message = "There are still jobs running. Please let them finish or abort_job before restart."
        raise FlareError(MetaStatus.JOB_RUNNING, message, job_id=running[0])


async def _note(call: Call, action: str, site: str) -> None:
    """Write to the audit trail who did it."""
    await call.app[WRITER].write(lambda tx: note(tx, Actor(call.by), action, site, now=utc_now()))


def _render(
    told: Mapping[str, str], words: Sequence[str], system: System, *, how: str, server: str | None
) -> Reply:  # fmt: skip
    meta: dict[str, Any] = {}
    answers = {party: f"error: {wrong}" if wrong else ANSWERS[how] for party, wrong in told.items()}
    if not words or words[0] != SERVER:
        meta["client_status"] = {party: answer for party, answer in answers.items() if party != system.server}
    if server is not None:
        meta["server_status"] = "ok" if told.get(server) == "" else "error"
    failed = [f"{party}: {answers[party]}" for party, wrong in told.items() if wrong]
    if failed and len(failed) == len(told):
        raise FlareError(MetaStatus.NO_REPLY, "; ".join(failed))
    return make_success(shown=[make_line(f"{party}: {answer}") for party, answer in answers.items()], **meta)


async def remove_client(call: Call) -> Reply:
    """End a site's connection; its worker connects again unless it is disabled or its token revoked."""
    name = take_one(call.words, "remove_client", "client_name")
    found = get_site(await look(call), name)
    require(call.by, Action.CONTROL_PARTY, Subject(org=found.org), kind="party", identity=name)
    await call.app[CHANNEL_HUB].call(name, OP, {"how": "reconnect", "by": call.by.name})
    await _note(call, "remove_client", name)
    return make_success("")


async def list_sp(call: Call) -> Reply:
    """List the service providers: every gateway is active, the one that answers stands for all."""
    provider = _describe(call)
    return make_dict({"primary_sp": provider, "sp_list": [provider], "system": "ready"})


async def get_active_sp(call: Call) -> Reply:
    """Show the service provider that answers."""
    require(call.by, Action.READ_PARTY)
    settings = call.app[SETTINGS]
    shown = {
        "name": settings.host,
        "fl_port": str(settings.port),
        "admin_port": str(settings.flare_port or settings.port),
        "service_session_id": _make_session_id(call),
        "primary": True,
        "props": {},
    }
    return make_dict(shown, **shown)


async def promote_sp(call: Call) -> Reply:
    """Refuse to promote: there is nothing that waits to become active."""
    take_one(call.words, "promote_sp", "host:fl_port:admin_port")
    _require_admin(call.by, "promote_sp")
    raise FlareError(
        MetaStatus.INTERNAL_ERROR, "every gateway and every scheduler is active already: there is none to promote"
    )


def _describe(call: Call) -> dict[str, Any]:
    require(call.by, Action.READ_PARTY)
    settings = call.app[SETTINGS]
    return {
        "sp_end_point": f"{settings.host}:{settings.port}:{settings.flare_port or settings.port}",
        "service_session_id": _make_session_id(call),
        "primary": True,
        "state": "online",
    }


def _make_session_id(call: Call) -> str:
    return f"{call.app[SETTINGS].run_id}-{call.app[STARTED]:%Y%m%d%H%M%S}"


def _require_admin(by: Principal, command: str) -> None:
    """FLARE lets project administrators alone do this."""
    if by.role is not Role.PROJECT_ADMIN:
        raise FlareError(MetaStatus.NOT_AUTHORIZED, f"user '{by.name}' is not authorized for '{command}'")


COMMANDS: Final[Sequence[Command]] = (
    Command(name="restart", scope="sys", serve=restart, usage="restart all|server|client [client_name ...]"),
    Command(name="shutdown", scope="sys", serve=shutdown, usage="shutdown all|server|client [client_name ...]"),
    Command(name="remove_client", scope="sys", serve=remove_client, usage="remove_client client_name"),
    Command(name="list_sp", scope="ha", serve=list_sp, usage="list_sp", is_visible=False),
    Command(name="get_active_sp", scope="ha", serve=get_active_sp, usage="get_active_sp", is_visible=False),
    Command(name="promote_sp", scope="ha", serve=promote_sp, usage="promote_sp host:fl_port:admin_port", is_visible=False),
)  # fmt: skip
