"""Commands on the system: which sites are connected, what they do, what they have, whether they get work."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.auth import require
from api.bridge import utc_now
from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.flags import take_one
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.responses import make_dict, make_line, make_rows, make_success, make_table
from api.dialects.flare.vocabulary.draft import name_app
from api.dialects.flare.vocabulary.targets import (
    choose_targets,
    list_connected,
    list_enrolled,
    list_sites,
    name_server,
    refuse_sites,
)
from api.keys import PATIENCE, READER, SETTINGS, STARTED, WRITER
from scheduler.domain.access import Action, Subject
from scheduler.domain.model import Party, Task
from scheduler.domain.states import HELD, State
from scheduler.service.audit import Actor
from scheduler.service.parties import PartyPatch, change_party
from scheduler.store.queries.jobs import JobFilter, list_job_details, list_jobs
from scheduler.store.queries.parties import list_parties, read_loads
from scheduler.store.tx import Tx

MAX_OPEN: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The parties as they are now; `tasks` are those that some party holds."""

    server: str
    parties: Sequence[Party]
    connected: Sequence[Party]
    tasks: Sequence[Task]
    apps: Mapping[str, str]
    """The app of each task, by the task's id."""

    @property
    def jobs(self) -> list[dict[str, str]]:
        """The jobs under way at the server."""
        return [{"app_name": self.apps[task.id], "job_id": task.job_id} for task in self.tasks if task.role == SERVER]


async def look(call: Call) -> System:
    """The system as it is now."""
    require(call.by, Action.READ_PARTY)
    chosen = call.app[SETTINGS].flare_server

    def read(tx: Tx) -> tuple[list[Party], list[tuple[Task, str]]]:
        wanted = JobFilter(project=call.by.project, states=(State.RUNNING,))
        running = [job.id for job in list_jobs(tx, wanted, after=None, limit=MAX_OPEN).items]
        details = list_job_details(tx, running).values()
        parts = [(step.step, task) for detail in details for step in detail.steps for task in step.tasks]
        return list_parties(tx), [(task, name_app(step, task)) for step, task in parts if task.state in HELD]

    known, parts = await call.app[READER].read(read)
    server = name_server(known, chosen)
    parties = list_enrolled(known, call.study, server=server)
    connected = list_connected(parties, now=utc_now(), offline_s=call.app[PATIENCE].offline_s)
    tasks, apps = [task for task, _ in parts], {task.id: app for task, app in parts}
    return System(server=server, parties=parties, connected=connected, tasks=tasks, apps=apps)


def get_site(system: System, name: str) -> Party:
    """The client site of this name; FlareError where there is none."""
    found = next((party for party in list_sites(system.parties, system.server) if party.id == name), None)
    if found is None:
        raise refuse_sites([name])
    return found


async def check_status(call: Call) -> Reply:
    """What the server and the sites do."""
    system = await look(call)
    targets = choose_targets(call.words, system.parties, server=system.server)
    meta: dict[str, Any] = {}
    shown: list[dict[str, Any]] = []
    if targets.server is not None:
        meta |= _describe_server(call, system)
        shown += _show_server(meta)
    if targets.sites or targets.server is None:
        meta["client_status"] = _list_client_status(system, targets.sites)
        shown.append(_show_rows(meta["client_status"], ("client_name", "app_name", "job_id", "status")))
    return make_success(shown=shown, **meta)


def _show_server(meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The server for who reads the console."""
    return [
        make_line(f"Engine status: {meta['server_status']}"),
        _show_rows(meta["jobs"], ("job_id", "app_name")),
        make_line(f"Registered clients: {len(meta['clients'])}"),
        _show_rows(meta["clients"], ("client_name", "fqcn")),
    ]


def _show_rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """A table of what the rows say under these names, as FLARE fills in what it does not know."""
    return make_rows([[name.upper() for name in names], *([str(row.get(name, "?")) for name in names] for row in rows)])


def _describe_server(call: Call, system: System) -> dict[str, Any]:
    return {
        "server_status": "started" if system.jobs else "stopped",
        "server_start_time": call.app[STARTED].timestamp(),
        "jobs": system.jobs,
        "clients": [
            {
                "client_name": party.id,
                "client_last_conn_time": party.last_seen.timestamp() if party.last_seen else 0.0,
                "fqcn": party.id,
                "process": _name_process(party),
            }
            for party in list_sites(system.connected, system.server)
        ],
    }


def _name_process(party: Party) -> str:
    """Another one for each process of the party's worker; whoever waits for a restart looks for that."""
    known = f"{party.facts.get('host')} {party.facts.get('pid')}"
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _list_client_status(system: System, sites: Sequence[str]) -> list[dict[str, Any]]:
    """An entry for each task of a connected site, one without a job where it has none."""
    connected = [party.id for party in system.connected if party.id in sites]
    if not connected:
        raise FlareError(MetaStatus.NO_CLIENTS, "no clients available")
    found: list[dict[str, Any]] = []
    for site in connected:
        tasks = [task for task in system.tasks if task.party == site and task.role != SERVER]
        found += [
            {"client_name": site, "app_name": system.apps[task.id], "job_id": task.job_id, "status": "started"}
            for task in tasks
        ] or [{"client_name": site, "status": "no_jobs"}]
    return found


async def report_env(call: Call) -> Reply:
    """Where the sites' workers work."""
    system = await look(call)
    words = ["client", *call.words] if call.words else ["client"]
    targets = choose_targets(words, system.parties, server=system.server)
    sites = [party for party in system.connected if party.id in targets.sites]
    if not sites:
        raise FlareError(MetaStatus.INVALID_TARGET, "no clients available")
    url = f"{'https' if call.app[SETTINGS].tls_cert else 'http'}://{call.app[SETTINGS].host}:{call.app[SETTINGS].port}"
    envs = [
        {
            "site_name": party.id,
            "workspace": str(party.facts.get("workdir", "")),
            "secure_mode": True,
            "root_url": url,
        }
        for party in sites
    ]
    return make_success(clients=envs)


async def report_resources(call: Call) -> Reply:
    """The slots of each target, those in use and those that are free."""
    system = await look(call)
    targets = choose_targets(call.words, system.parties, server=system.server)
    loads = await call.app[READER].read(read_loads)
    wanted = [*([targets.server] if targets.server else []), *targets.sites]
    rows = [["SITES", "RESOURCES"]]
    for party in system.parties:
        if party.id in wanted:
            used = loads[party.id].in_use if party.id in loads else 0
            name = SERVER if party.id == targets.server else party.id
            rows.append([name, f"{{'slots': {party.slots}, 'in_use': {used}, 'free': {max(0, party.slots - used)}}}"])
    return make_table(rows)


async def report_version(call: Call) -> Reply:
    """The version of each target's worker."""
    system = await look(call)
    targets = choose_targets(call.words, system.parties, server=system.server)
    known = {party.id: party.version for party in system.parties}
    named = {SERVER: known.get(targets.server, "")} if targets.server else {}
    return make_dict({name: {"version": version} for name, version in (named | _pick(known, targets.sites)).items()})


def _pick(known: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: known[name] for name in names}


async def disable_client(call: Call) -> Reply:
    """Give a site no new work; what it runs goes on."""
    return await _set_drained(call, "disable_client", is_drained=True)


async def enable_client(call: Call) -> Reply:
    """Give a site work again."""
    return await _set_drained(call, "enable_client", is_drained=False)


async def _set_drained(call: Call, command: str, *, is_drained: bool) -> Reply:
    name = take_one(call.words, command, "client_name")
    system = await look(call)
    found = get_site(system, name)
    require(call.by, Action.CONTROL_PARTY, Subject(org=found.org), kind="party", identity=name)
    patch, by = PartyPatch(drained=is_drained), Actor(call.by)
    await call.app[WRITER].write(lambda tx: change_party(tx, name, patch, by=by, now=utc_now()))
    was = {"already_disabled": found.drained} if is_drained else {"was_disabled": found.drained}
    state = "disabled" if is_drained else "enabled"
    shown = {"client_name": name, "state": state, **was, "credential_revoked": False, "rejoin_allowed": True}
    return make_dict({"clients": [shown]}, clients=[shown])


COMMANDS: Final[Sequence[Command]] = (
    Command(name="check_status", scope="sys", serve=check_status, usage="check_status all|server|client [client_name ...]"),
    Command(name="admin_check_status", scope="sys", serve=check_status, usage="admin_check_status server",
            is_visible=False),
    Command(name="report_env", scope="sys", serve=report_env, usage="report_env [client_name ...]"),
    Command(name="report_resources", scope="sys", serve=report_resources,
            usage="report_resources all|server|client [client_name ...]"),
    Command(name="report_version", scope="sys", serve=report_version,
            usage="report_version all|server|client [client_name ...]"),
    Command(name="disable_client", scope="sys", serve=disable_client, usage="disable_client client_name"),
    Command(name="enable_client", scope="sys", serve=enable_client, usage="enable_client client_name"),
)  # fmt: skip
