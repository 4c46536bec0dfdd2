"""A gateway in miniature, on a real port: it answers as the API's description says and remembers what it was asked."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fedrota import Client

JOB, TASK, HOST_TASK = "j-1", "t-guest", "t-host"
AT = "2026-01-02T03:04:05Z"
LATER = "2026-01-02T03:04:17Z"
ROOT = "/fedrota/v1"


def make_task(**changes: Any) -> dict[str, Any]:
    """A task as the API shows it."""
    return {
        "id": TASK, "job": JOB, "step": "lr", "role": "guest", "party": "9999", "position": 0, "attempt": 1,
        "seq": 1, "state": "success", "reason": "", "failure": None, "progress": 1.0, "summary": {"auc": 0.99},
        "log_size": 12, "started": AT, "ended": LATER,
    } | changes  # fmt: skip


def make_step(**changes: Any) -> dict[str, Any]:
    """A step as the API shows it."""
    host = make_task(id=HOST_TASK, role="host", party="10000")
    return {
        "id": "s-1", "name": "lr", "state": "success", "reason": "", "run": {"component": "homo_lr"}, "needs": [],
        "inputs": {}, "params": {"rounds": 2}, "attempt": 1, "spent": 1, "attempts_allowed": 1, "timeout_s": None,
        "slots": 1, "gang": True, "not_before": None, "started": AT, "ended": LATER, "tasks": [make_task(), host],
    } | changes  # fmt: skip


def make_job(**changes: Any) -> dict[str, Any]:
    """A job as the API shows it."""
    return {
        "id": JOB, "name": "breast-lr", "owner": "alice", "project": "risk", "state": "success", "reason": "",
        "priority": 0, "dialect": "native", "parties": {"guest": ["9999"], "host": ["10000"]}, "labels": {"team": "a"},
        "created": AT, "started": AT, "ended": LATER, "deadline": None, "stopping": False, "steps": [make_step()],
    } | changes  # fmt: skip


def make_failed_job() -> dict[str, Any]:
    """A job that failed at one party, whose sibling was stopped."""
    failure = {"kind": "error", "message": "ZeroDivisionError: division by zero", "detail": None}
    tasks = [
        make_task(state="failed", failure=failure, progress=0.5),
        make_task(id=HOST_TASK, role="host", party="10000", state="canceled", reason="party 9999 failed"),
    ]
    return make_job(
        state="failed", reason="step lr failed", steps=[make_step(state="failed", reason="9999 failed", tasks=tasks)]
    )


def make_event(number: int, **changes: Any) -> dict[str, Any]:
    """An event as the API shows it."""
    return {
        "id": number, "level": "step", "event": "claimed", "job": JOB, "step": "lr", "task": None, "role": None,
        "party": None, "attempt": 1, "state": "running", "reason": "", "at": AT,
    } | changes  # fmt: skip


def make_metrics() -> list[dict[str, Any]]:
    """Two rounds at two parties and one single figure."""
    rounds = [
        {"step": "lr", "role": "guest", "party": party, "attempt": 1, "name": "loss", "x": x, "value": value, "at": AT}
        for x, party, value in ((0, "9999", 0.7), (0, "10000", 0.75), (1, "9999", 0.5), (1, "10000", 0.55))
    ]
    return [*rounds, {**rounds[0], "name": "auc", "x": -1, "value": 0.987654321}]


PARTY = {
    "id": "9999", "org": "bank", "slots": 4, "in_use": 1, "drained": False, "online": True, "last_seen": AT,
    "version": "0.1.0", "waiting": 2, "dispatched": 0, "running": 1, "reason": "", "components": ["reader", "homo_lr"],
    "facts": {"cores": 2},
}  # fmt: skip
OFFLINE = PARTY | {"id": "10000", "online": False, "reason": "no worker has called since it was registered"}
TABLE = {
    "party": "9999", "namespace": "default", "name": "breast", "rows": 2, "columns": [{"name": "id", "type": "string"}],
    "size": 12, "sha256": "ab", "created": AT, "owner": "alice", "facts": {},
}  # fmt: skip
PREVIEW = {"columns": ["id", "y"], "rows": [["a", 1], ["b", None]], "total": 9}
OUTPUT = {
    "step": "lr", "role": "guest", "party": "9999", "attempt": 1, "task": TASK, "name": "model", "kind": "model",
    "size": 5, "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "facts": {"rounds": 2},
}  # fmt: skip
HOST_OUTPUT = OUTPUT | {"role": "host", "party": "10000", "task": HOST_TASK}
MODEL = {
    "model_id": "guest-9999#model", "version": "j-1", "job": "j-1", "deployed": True, "components": ["lr"],
    "parent_model_id": "guest-9999#model", "parent_version": "j-0", "imported": False, "notes": "", "owner": "alice",
    "created": AT, "members": [{"role": "guest", "party": "9999", "loaded": 0}], "tags": ["good"], "services": [],
    "parts": [
        {"role": "guest", "party": "9999", "step": "lr", "name": "model", "task": TASK, "size": 5, "sha256": "ab"},
    ],
}  # fmt: skip
MODEL_PATH = "/models/guest-9999%23model/j-1"
TAG = {"name": "good", "notes": "", "owner": "alice", "created": AT, "modified": AT}
COMPONENT = {
    "name": "homo_lr", "summary": "Train a logistic regression across parties.", "inputs": {"train": "table"},
    "outputs": {"model": "model"}, "roles": ["guest", "host"], "exchange": True, "parties": ["9999"],
    "params": {
        "type": "object", "required": ["rounds"], "additionalProperties": False,
        "properties": {
            "rounds": {"type": "integer", "minimum": 1, "description": "How often to average."},
            "rate": {"type": "number", "default": 0.1},
            "optimizer": {"enum": ["sgd", "adam"], "default": "sgd"},
        },
    },
}  # fmt: skip
TOKEN = {
    "id": "k1", "kind": "user", "name": "bob", "role": "member", "org": "bank", "project": "risk", "party": None,
    "created": AT, "expires": None, "last_used": None, "revoked": None,
}  # fmt: skip
QUEUE = {
    "party": "9999", "queue": "party.9999", "knocks": 0, "consumers": 1, "waiting": 2, "dispatched": 0, "running": 1,
    "slots": 4, "oldest_s": 12.5, "reason": "no scheduler has run yet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)


Answer = Callable[[web.Request], Any]


@dataclass
class FakeGateway:
    """The miniature: `answers` by method and path, anything else is not_found."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    job: dict[str, Any] = field(default_factory=make_job)
    events: list[dict[str, Any]] = field(default_factory=lambda: [make_event(1), make_event(2, event="succeeded")])
    break_after: list[int] = field(default_factory=list)
    """After how many events, or bytes of a log, the next streams break; empty: they do not."""
    log: bytes = "línea uno\nline 2\nline 3\n".encode()
    after_stream: Callable[[], None] = lambda: None
    """Called before `end` is sent, for instance to let the job end."""

    def on(self, method: str, path: str, answer: Any, status: int = 200) -> None:
        """Answer a path under the API's root with JSON, or with what a function of the request returns."""
        self.answers[method, path] = (status, answer)

    def refuse(self, method: str, path: str, status: int, **error: Any) -> None:
        """Answer with the API's error body."""
        self.on(method, path, {"error": {"problems": [], **error}}, status)

    def hold_logs(self, times: int) -> None:
        """Refuse so many reads of the guest's log, as a gateway does to which the party has not yet connected again."""
        left = [{"code": "unreachable", "message": "party 9999 is not connected", "problems": []}] * times

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.json_response({"error": left.pop()}, status=503) if left else await self.send_log(request)

        self.on("GET", f"/tasks/{TASK}/logs", answer)

    @property
    def last(self) -> Asked:
        """The latest request."""
        return self.asked[-1]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        path = request.raw_path.partition("?")[0].removeprefix(ROOT)
        body = await request.read()
        self.asked.append(Asked(request.method, path, dict(request.query), dict(request.headers), body))
        status, answer = self._find(request.method, path)
        found = answer(request) if callable(answer) else answer
        if asyncio.iscoroutine(found):
            found = await found
        if isinstance(found, web.StreamResponse):
            return found
        return web.Response(status=204) if found is None else web.json_response(found, status=status)

    def _find(self, method: str, path: str) -> tuple[int, Any]:
        default = {"error": {"code": "not_found", "message": f"there is no {path}", "problems": []}}
        return self.answers.get((method, path)) or self._find_standing(method, path) or (404, default)

    def _find_standing(self, method: str, path: str) -> tuple[int, Any] | None:
        known: dict[tuple[str, str], Any] = {
            ("GET", f"/jobs/{JOB}"): lambda _: self.job,
            ("GET", f"/jobs/{JOB}/events"): self.send_events,
            ("GET", f"/tasks/{TASK}/logs"): self.send_log,
            ("GET", f"/tasks/{HOST_TASK}/logs"): self.send_log,
        }
        return (200, known[method, path]) if (method, path) in known else None

    async def send_events(self, request: web.Request) -> Any:
        """The job's events, as a stream or a page."""
        if request.headers["Accept"] != "text/event-stream":
            after = int(request.query.get("after", 0))
            return {"items": [event for event in self.events if event["id"] > after], "next": None}
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        after = int(request.headers.get("Last-Event-ID", 0))
        limit = self.break_after.pop(0) if self.break_after else None
        for count, event in enumerate(each for each in self.events if each["id"] > after):
            if count == limit:
                return _break(request, response)
            text = f"id: {event['id']}\nevent: {event['event']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
            await response.write(text.encode())
        self.after_stream()
        await response.write(b": ping\n\nevent: end\ndata: {}\n\n")
        return response

    async def send_log(self, request: web.Request) -> web.StreamResponse:
        """A stretch of the log; followed, it breaks where told."""
        offset = int(request.query.get("offset", -65536))
        start = max(len(self.log) + offset, 0) if offset < 0 else min(offset, len(self.log))
        rest = self.log[start : start + int(request.query.get("limit", 1 << 20))]
        headers = {"X-Log-Offset": str(start), "X-Log-Size": str(len(self.log)), "Content-Type": "text/plain"}
        if request.query.get("follow") != "true":
            return web.Response(body=rest, headers=headers)
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        limit = self.break_after.pop(0) if self.break_after else None
        await response.write(rest[:limit] if limit is not None else rest)
        return _break(request, response) if limit is not None else response


def _break(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Cut the connection in the middle of the answer."""
    assert request.transport is not None
    request.transport.close()
    return response


def fill(gateway: FakeGateway) -> None:
    """Give the miniature one of everything."""
    for path, items in {
        "/jobs": [make_job(steps=[])], "/parties": [PARTY, OFFLINE], "/queues": [QUEUE], "/tables": [TABLE],
        "/models": [MODEL | {"parts": []}], "/tags": [TAG],
        "/components": [COMPONENT], "/tokens": [TOKEN], f"/jobs/{JOB}/steps": [make_step()],
        f"/jobs/{JOB}/outputs": [OUTPUT, HOST_OUTPUT], f"/jobs/{JOB}/metrics": make_metrics(),
        f"/jobs/{JOB}/summaries": [
            {"step": "lr", "role": "guest", "party": "9999", "attempt": 1, "values": {"auc": 0.99, "roc": [[0, 0]]}}
        ],
    }.items():  # fmt: skip
        gateway.on("GET", path, {"items": items, "next": None})
    for path, one in {
        f"/jobs/{JOB}/steps/lr": make_step(), f"/tasks/{TASK}": make_task(), f"/tasks/{HOST_TASK}": make_task(id=HOST_TASK),
        "/parties/9999": PARTY,
        "/components/homo_lr": COMPONENT, "/parties/9999/tables/breast": TABLE,
        "/parties/9999/tables/breast/preview": PREVIEW, "/version": {"version": "9.9", "api": "v1"},
        "/whoami": {"name": "alice", "kind": "user", "role": "lead", "org": "bank", "project": "risk"},
        f"/jobs/{JOB}/document": {"name": "breast-lr", "steps": [{"name": "lr", "params": {"rounds": 2, "rate": 1}}]},
    }.items():  # fmt: skip
        gateway.on("GET", path, one)
    gateway.on("GET", MODEL_PATH, MODEL)
    gateway.on("GET", f"{MODEL_PATH}/archive", lambda _: web.Response(body=b"PK archive"))
    output = f"/tasks/{TASK}/outputs/model"
    gateway.on("GET", output, lambda request: PREVIEW if "preview" in request.query else web.Response(body=b"hello"))
    gateway.on("POST", "/jobs", lambda _: make_job(state="waiting", ended=None), 201)


@pytest.fixture(scope="session")
def _serving() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of every test's miniature, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(60)
    loop.close()


async def _serve(gateway: FakeGateway) -> web.AppRunner:
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{rest:.*}", gateway.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner


@pytest.fixture
def gateway(
    _serving: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FakeGateway]:
    """The miniature with one of everything; the environment points at it, the working directory is empty.

    It has a port of its own: what another test's client asked and did not wait for may come late, but not here.
    """
    made = FakeGateway()
    fill(made)
    runner = asyncio.run_coroutine_threadsafe(_serve(made), _serving).result(60)
    monkeypatch.setenv("FEDROTA_URL", made.url)
    monkeypatch.setenv("FEDROTA_TOKEN", "frt_a_b")
    monkeypatch.delenv("FEDROTA_STATE_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    yield made
    asyncio.run_coroutine_threadsafe(runner.cleanup(), _serving).result(60)


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[Client]:
    """A client of the miniature."""
    with Client() as made:
        yield made
