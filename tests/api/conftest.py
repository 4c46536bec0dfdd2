import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.app import make_app
from api.keys import STORE, WRITER
from config.settings import Settings
from scheduler.domain.access import Principal, Role
from scheduler.domain.messages import PROTOCOL, ComponentOffer, Hello, Knock
from scheduler.service.advance import dispatch_ready
from scheduler.service.audit import Actor
from scheduler.service.limits import Patience, patience_from
from scheduler.service.parties import create_party
from scheduler.service.tokens import TokenRequest, issue_token
from scheduler.store import session
from scheduler.store.migrate import migrate
from scheduler.store.session import Store, make_store

OUTSIDE = ("/flare", "/openapi", "/docs", "/healthz", "/readyz", "/metrics", "/nothing")
ADMIN = Principal(name="root", kind="user", role=Role.PROJECT_ADMIN, org="hq", project="p1")
SCHEMA = {
    "type": "object",
    "properties": {"rounds": {"type": "integer", "minimum": 1}, "table": {"type": "string"}},
    "additionalProperties": False,
}
NOOP = ComponentOffer(
    name="noop", params=SCHEMA, summary="Does nothing.", outputs={"data": "table"}, inputs={"data": "table"}
)


def now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Seconds that pass only when `at` is changed."""

    at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    """A clock for what takes one."""
    return Clock()


def make_hello(**changes: Any) -> Hello:
    given = {
        "protocol": PROTOCOL,
        "agent": "agent-1",
        "version": "0.1.0",
        "slots": 4,
        "executors": ("component",),
        "components": (NOOP,),
        "identity": "",
    }
    return Hello(**{**given, **changes})


def job_document(**changes: Any) -> dict[str, Any]:
    """A job of one step at two parties."""
    return {
        "name": "first",
        "parties": {"guest": ["9999"], "host": ["10000"]},
        "steps": [{"name": "read", "component": "noop", "params": {"rounds": 3}}],
        **changes,
    }


@dataclass
class Answer:
    status: int
    headers: Any
    raw: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw)

    @property
    def problems(self) -> dict[str, str]:
        return {item["where"]: item["message"] for item in self.json["error"]["problems"]}


@dataclass
class Gateway:
    """A gateway on a port of its own, with two parties and one token for each kind of caller."""

    app: web.Application
    server: TestServer
    store: Store
    settings: Settings
    session: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, *, token: str | None = "admin", **given: Any) -> Answer:
        headers = dict(given.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {self.tokens.get(token, token)}"
        address = path if path.startswith(OUTSIDE) else f"/fedrota/v1{path}"
        async with self.session.request(method, self.server.make_url(address), headers=headers, **given) as found:
            return Answer(found.status, found.headers, await found.read())

    async def get(self, path: str, **given: Any) -> Answer:
        return await self.call("GET", path, **given)

    async def post(self, path: str, body: Any = None, **given: Any) -> Answer:
        return (
            await self.call("POST", path, json=body, **given)
            if body is not None
            else await self.call("POST", path, **given)
        )

    async def submit(self, **changes: Any) -> str:
        token = changes.pop("token", "admin")
        answer = await self.post("/jobs", job_document(**changes), token=token)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    async def hello(self, party: str, **changes: Any) -> Answer:
        return await self.post(
            "/agent/hello", orjson.loads(orjson.dumps(make_hello(**changes))), token=f"worker-{party}"
        )

    async def sync(self, party: str, *, agent: str = "agent-1", **parts: Any) -> Any:
        answer = await self.post("/agent/sync", {"agent": agent, **parts}, token=f"worker-{party}")
        assert answer.status == 200, answer.raw
        return answer.json

    def dispatch(self) -> dict[str, list[Knock]]:
        """One pass of the scheduler."""
        with self.store.write() as tx:
            return dispatch_ready(tx, now=now(), patience=patience_from(self.settings)).knocks

    async def run_tasks(self, outcome: str = "success", **report: Any) -> list[str]:
        """Dispatch what is ready, let every party claim and report it; the tasks' ids."""
        claims = {
            party: [{"task": knock.task, "seq": knock.seq} for knock in knocks]
            for party, knocks in self.dispatch().items()
        }
        for party, mine in claims.items():
            replies = (await self.sync(party, claims=mine))["claims"]
            assert all(reply["assignment"] for reply in replies), replies
        for party, mine in claims.items():
            await self.sync(party, reports=[{**claim, "outcome": outcome, **report} for claim in mine])
        return [claim["task"] for mine in claims.values() for claim in mine]


@dataclass(frozen=True)
class Populated:
    """A database file and the tokens that it knows, by the names of their callers."""

    file: Path
    tokens: dict[str, str]


def issue(store: Store, name: str, **given: Any) -> str:
    with store.write() as tx:
        return issue_token(tx, TokenRequest(name=name, **given), by=Actor(ADMIN), now=now())[1]


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "fedrota.db"
    made = make_store(f"sqlite:///{file}")
    migrate(made)
    made.close()
    return file


@pytest.fixture(scope="session")
def populated(migrated: Path) -> Populated:
    """A SQLite file to copy, migrated and with `populate`'s parties and callers."""
    file = migrated.with_name("populated.db")
    shutil.copy(migrated, file)
    made = make_store(f"sqlite:///{file}")
    tokens = populate(made)
    made.close()
    return Populated(file, tokens)


@pytest.fixture(autouse=True)
def _hasty_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls the plug here: SQLite need not wait for the disk at every commit."""
    hasty = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in session.SQLITE_PRAGMAS)
    monkeypatch.setattr(session, "SQLITE_PRAGMAS", hasty)


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Store:
    """A migrated SQLite store."""
    shutil.copy(migrated, tmp_path / "fedrota.db")
    made = make_store(f"sqlite:///{tmp_path / 'fedrota.db'}")
    yield made
    made.close()


@pytest.fixture
def either_store(store_url: str) -> Store:
    """A migrated store, on SQLite and on PostgreSQL in turn."""
    made = make_store(store_url)
    migrate(made)
    yield made
    made.close()


Serve = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def serve(tmp_path: Path, broker_url: str, populated: Populated) -> AsyncIterator[Serve]:
    """A function that starts a gateway."""
    started: list[Gateway] = []

    async def start(database_url: str = "", **changes: Any) -> Gateway:
        settings = Settings(
            **{"state_dir": tmp_path, "broker_url": broker_url, "database_url": database_url, **changes}
        )
        if not started and not database_url:
            shutil.copy(populated.file, tmp_path / "fedrota.db")
        made = make_store(settings.sql_url())
        if not started and database_url:
            migrate(made)
        app = make_app(settings)
        server = TestServer(app, shutdown_timeout=2.0)
        await server.start_server()
        gateway = Gateway(app, server, made, settings, aiohttp.ClientSession())
        if started:
            gateway.tokens = started[0].tokens
        else:
            gateway.tokens = populate(made) if database_url else dict(populated.tokens)
        started.append(gateway)
        return gateway

    yield start
    for gateway in started:
        await gateway.session.close()
        await gateway.server.close()
        gateway.store.close()


def populate(store: Store) -> dict[str, str]:
    """Two parties of two organisations; the tokens of callers of every role, at home and elsewhere, by their names."""
    with store.write() as tx:
        for party, org in (("9999", "hq"), ("10000", "other")):
            create_party(tx, party, org=org, slots=None, by=Actor(ADMIN), now=now())
    users = {
        "admin": {"role": Role.PROJECT_ADMIN, "org": "hq", "project": "p1"},
        "org_admin": {"role": Role.ORG_ADMIN, "org": "hq", "project": "p1"},
        "lead": {"role": Role.LEAD, "org": "hq", "project": "p1"},
        "member": {"role": Role.MEMBER, "org": "hq", "project": "p1"},
        "other_org_admin": {"role": Role.ORG_ADMIN, "org": "other", "project": "p1"},
        "other_lead": {"role": Role.LEAD, "org": "other", "project": "p1"},
        "stranger": {"role": Role.PROJECT_ADMIN, "org": "hq", "project": "p2"},
    }
    tokens = {name: issue(store, name, **given) for name, given in users.items()}
    for party in ("9999", "10000"):
        tokens[f"worker-{party}"] = issue(store, f"worker of {party}", org="hq", project="p1", party=party)
    return tokens


@pytest.fixture
async def gateway(serve: Serve) -> Gateway:
    """A gateway on SQLite whose two parties' workers have said hello."""
    made = await serve()
    for party in ("9999", "10000"):
        assert (await made.hello(party)).status == 200
    return made


@pytest.fixture(autouse=True)
def _quiet_logs() -> None:
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory(), cache_logger_on_first_use=False)


__all__ = ["STORE", "WRITER"]


@pytest.fixture
async def connected_party(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Any]:
    """The real channel of party 9999 with its real operations; its working folder."""
    import asyncio

    from workers.channel import Channel, Orders, make_url
    from workers.tables.store import make_table_ops
    from workers.task_files.reads import make_read_ops
    from workers.workdir import Workdir

    workdir = Workdir(tmp_path / "party", "9999")
    workdir.prepare()
    stops: list[tuple[str, int, str]] = []
    orders = Orders(knock=lambda _knocks: None, stop=lambda *stop: stops.append(stop))
    url = make_url(str(gateway.server.make_url("/")), takes_knocks=False)
    ops = {**make_read_ops(workdir), **make_table_ops(workdir)}
    channel = Channel(url, gateway.tokens["worker-9999"], orders=orders, ops=ops)
    running = asyncio.create_task(channel.run())
    async with asyncio.timeout(60):
        while not channel.is_connected:
            await asyncio.sleep(0.01)
    workdir.stops = stops
    yield workdir
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def sites(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Any]:
    """Both parties with their real channels and the components' real descriptions; their tasks are done by a stand-in."""
    from tests.api.sites import Sites

    made = Sites(gateway, tmp_path)
    await made.start()
    yield made
    await made.stop()
