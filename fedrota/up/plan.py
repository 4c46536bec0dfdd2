"""From options to the processes to start, in order."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fedrota.up import probes
from fedrota.up.broker import make_broker
from fedrota.up.flare import engines_env, make_bridge
from fedrota.up.folder import StateFolder
from fedrota.up.given import find_setting
from fedrota.up.options import Options, PartySpec
from fedrota.up.ports import claim_port, next_free_port
from fedrota.up.programs import Chore, Plan, Program, Stage
from fedrota.up.tree import wants_flower
from fedrota.up.withheld import withhold

LOOPBACK: Final = "127.0.0.1"
YIELDING: Final = 10
"""The niceness of workers on the gateway's machine: what parties compute gives way to the centre, which all wait for."""
_ANY: Final = {"0.0.0.0": LOOPBACK, "::": "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """What every program of a run is made from."""

    tree: Path
    folder: StateFolder
    options: Options
    inherited: Mapping[str, str]
    port: int
    broker_url: str

    @property
    def url(self) -> str:
        """Where this machine reaches the gateway."""
        if self.options.gateway and not self.options.wants("gateway"):
            return self.options.gateway.rstrip("/")
        host = _ANY.get(self.options.host, self.options.host)
        scheme = "https" if find_setting(self.inherited, "FEDROTA_TLS_CERT") else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def run(self, module: str, *words: str) -> tuple[str, ...]:
        """The argv that runs a module of the tree."""
        return sys.executable, "-m", module, *words

    def centre_env(self) -> dict[str, str]:
        """What the gateway and the scheduler read."""
        given = {
            "FEDROTA_STATE_DIR": str(self.folder.root),
            "FEDROTA_HOST": self.options.host,
            "FEDROTA_PORT": str(self.port),
            "FEDROTA_BROKER_URL": self.broker_url,
            "FEDROTA_FLARE_PORT": str(self.options.flare_listener),
        }
        if self.options.database:
            given["FEDROTA_DATABASE_URL"] = self.options.database
        return {**self.inherited, **given}


def make_plan(*, tree: Path, folder: StateFolder, options: Options, environment: Mapping[str, str]) -> Plan:
    """The plan of a run; chooses ports, so make it with the folder's lock held."""
    port = _claim_ports(options) if options.wants("gateway") else options.port
    needs_broker = not options.broker and options.wants("gateway")
    broker, broker_url = make_broker(folder) if needs_broker else (None, options.broker)
    site = _Site(tree=tree, folder=folder, options=options, inherited=environment, port=port, broker_url=broker_url)
    flower_port = next_free_port(options.flower_port) if wants_flower(options) else 0
    stages = (
        Stage(programs=(broker,) if broker else (), chores=(_bootstrap(site),) if options.wants("gateway") else ()),
        Stage(programs=_gateways(site)),
        Stage(programs=(*_scheduler(site), *_workers(site), *_bridge(site))),
        Stage(programs=_flower(site, flower_port)),
    )
    return Plan(
        stages=tuple(stage for stage in stages if stage.programs or stage.chores),
        url=site.url,
        flower_url=f"http://{LOOPBACK}:{flower_port}" if flower_port else "",
    )


def _claim_ports(options: Options) -> int:
    """The gateway's port; UpError where it or one for FLARE's clients is taken."""
    for key in ("flare_listener", "flare_bridge"):
        if wanted := getattr(options, key):
            claim_port(options.host, wanted, option=f"--{key.replace('_', '-')}")
    return claim_port(options.host, options.port)


def _bootstrap(site: _Site) -> Chore:
    """The tables, the first token and the parties: one process, since most of its work is to load the store."""
    parties = [word for party in site.options.parties for word in ("--party", f"{party.id}:{party.slots}")]
    words = ("--migrate", "--state", str(site.folder.root), *parties)
    return Chore(
        name="bootstrap", argv=site.run("scheduler.service.bootstrap", *words), cwd=site.tree, env=site.centre_env()
    )


def _gateways(site: _Site) -> tuple[Program, ...]:
    if not site.options.wants("gateway"):
        return ()
    count = site.options.gateways
    names = ("gateway",) if count == 1 else tuple(f"gateway.{number}" for number in range(1, count + 1))
    shared = {"FEDROTA_REUSE_PORT": "true"} if count > 1 else {}
    return tuple(
        Program(
            name=name,
            kind="gateway",
            argv=site.run("api"),
            cwd=site.tree,
            env={**site.centre_env(), **shared},
            ready=probes.serves(site.url, "/readyz"),
            note=site.url,
            grace_s=25.0,
        )
        for name in names
    )


def _scheduler(site: _Site) -> tuple[Program, ...]:
    if not site.options.wants("scheduler"):
        return ()
    port = probes.port_of(site.broker_url)
    return (
        Program(
            name="scheduler",
            kind="scheduler",
            argv=site.run("scheduler"),
            cwd=site.tree,
            env=site.centre_env(),
            ready=probes.is_connected(port) if port else probes.is_alive,
        ),
    )


def _workers(site: _Site) -> tuple[Program, ...]:
    return tuple(_worker(site, party) for party in site.options.parties) if site.options.wants("worker") else ()


def _worker(site: _Site, party: PartySpec) -> Program:
    token = site.folder.worker_token(party.id)
    if site.options.wants("gateway"):
        ready = probes.is_online(site.url, party.id, site.folder.token)
    else:
        ready = probes.is_connected(probes.port_of(site.url))
    return Program(
        name=f"worker.{party.id}",
        kind="worker",
        argv=(*_niceness(site.options), *site.run("workers")),
        cwd=site.tree,
        env=_worker_env(site, party, token),
        ready=ready,
        note=f"{party.role or 'party'}, {party.slots} slots",
        grace_s=20.0,
        essential=False,
    )


def _niceness(options: Options) -> tuple[str, ...]:
    """What goes before a worker's command."""
    given = options.worker_niceness
    niceness = given if given is not None else YIELDING if options.wants("gateway") else 0
    return ("nice", "-n", str(niceness)) if niceness else ()


def _worker_env(site: _Site, party: PartySpec, token: Path) -> dict[str, str]:
    """What a worker reads: no way to the database, no other party's token."""
    given = {
        "FEDROTA_STATE_DIR": str(site.folder.worker_state(party.id)),
        "FEDROTA_GATEWAY_URL": site.url,
        "FEDROTA_BROKER_URL": site.broker_url,
        "FEDROTA_PARTY": party.id,
        "FEDROTA_SLOTS": str(party.slots),
    }
    kept = withhold(site.inherited)
    if token.exists() or site.options.wants("gateway"):
        kept.pop("FEDROTA_TOKEN", None)
        given["FEDROTA_TOKEN_FILE"] = str(token)
    if site.options.components:
        given["FEDROTA_COMPONENTS"] = f"[{','.join(_quoted(name) for name in site.options.components)}]"
    return {**kept, **given, **engines_env(site.options, site.inherited)}


def _bridge(site: _Site) -> tuple[Program, ...]:
    return make_bridge(
        tree=site.tree, folder=site.folder, options=site.options, environment=site.inherited, url=site.url
    )


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _flower(site: _Site, port: int) -> tuple[Program, ...]:
    """Flower, to look at only: it could send tasks past our scheduler. The URL of the broker stays out of `ps`.

    It asks for the workers' queues when it starts, and not again for its page of them.
    """
    if not port:
        return ()
    url = f"http://{LOOPBACK}:{port}"
    return (
        Program(
            name="flower",
            kind="flower",
            argv=site.run("celery", "flower", f"--address={LOOPBACK}", f"--port={port}", "--read_only=true"),
            cwd=site.folder.root,
            env={**_without_ours(site.inherited), "CELERY_BROKER_URL": site.broker_url},
            ready=probes.serves(url, "/healthcheck"),
            note=url,
            grace_s=5.0,
            essential=False,
        ),
    )


def _without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if not key.startswith(("FEDROTA_", "FLOWER_"))}


def inherited_environment() -> dict[str, str]:
    """The environment of this process, for its children."""
    return dict(os.environ)
