"""A tiny gateway for tests of the worker: remembers what it granted and accepted, and can misbehave on demand."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson

from config.settings import WorkerSettings
from fedrota.up.ports import find_free_port
from scheduler.domain.messages import HELLO_PATH, SYNC_PATH, Assignment, Knock, Peer
from workers.processes.kernel import find_birth, is_zombie
from workers.site import Site

TOKEN = "frt_worker_secret"
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.environ.clear()
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(60)
    while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
        time.sleep(0.01)
    os._exit(0)
os.wait()
time.sleep(float(sys.argv[2]))
"""
"""A program that starts a daemon, which writes its number to the file argv[1], and then waits argv[2] seconds."""


def until(is_so: Callable[[], Any], *, patience_s: float = 60.0, what: str = "") -> Any:
    """Wait until `is_so` gives something true, and give that."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if found := is_so():
            return found
        time.sleep(0.005)
    raise AssertionError(f"did not happen within {patience_s} s: {what or is_so}")


def wait_for(file: Path, *, first: str = ":") -> list[str]:
    """A command that lasts until there is such a file; before that it does `first`, a line of shell."""
    return ["sh", "-c", f'{first}; until [ -e "$0" ]; do sleep 0.01; done', str(file)]


def list_spooled(folder: Path) -> list[Path]:
    """The files of a spool that hold reports."""
    return [file for file in folder.glob("*.json") if find_size(file)]


def find_size(file: Path) -> int:
    """Bytes in a file; 0 where it has gone meanwhile."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def is_tidy(worker: Site) -> bool:
    """Whether no report waits, the journal has nothing open and no attempt has a working folder.

    (Not by `glob`: a folder may go as one looks.)
    """
    work = worker.workdir.root / "work"
    is_empty = all(Path(folder) == work or Path(folder).parent == work for folder, _, _ in os.walk(work))
    return is_empty and not list_spooled(worker.workdir.spool) and not worker._journal.leftovers()


def is_alive(pid: int) -> bool:
    return find_birth(pid) is not None and not is_zombie(pid)


def make_assignment(task: str = "t1", seq: int = 1, **facts: Any) -> Assignment:
    """An assignment of a no-op, changed by `facts`."""
    given: dict[str, Any] = {
        "task": task,
        "seq": seq,
        "job": "job1",
        "job_name": "a job",
        "step": "step1",
        "attempt": 1,
        "role": "guest",
        "party": "9999",
        "position": 0,
        "run": {"component": "noop"},
        "params": {},
        "inputs": {},
        "peers": (),
        "timeout_s": None,
    }
    return Assignment(**{**given, **facts})


def make_peer(task: str, role: str, party: str, position: int = 0) -> Peer:
    return Peer(task=task, role=role, party=party, position=position)


def make_settings(state_dir: Path, url: str = "http://127.0.0.1:9", **facts: Any) -> WorkerSettings:
    """Settings of a worker of party 9999 with short patience."""
    return WorkerSettings(
        state_dir=state_dir, gateway_url=url, token=TOKEN, party="9999", **{"stop_grace_s": 0.6, **facts}
    )


@dataclass
class Entry:
    """What the gateway knows of one task."""

    assignment: Assignment
    state: str = "dispatched"
    agent: str = ""
    starts: int = 0
    report: dict[str, Any] = field(default_factory=dict)
    stop_kind: str = ""
    batch: int = 0
    points: list[list[Any]] = field(default_factory=list)
    beats: list[dict[str, Any]] = field(default_factory=list)


class FakeGateway:
    """Claims, beats and reports by the book, over real HTTP, at a port that nobody is given while this is down.

    Each call waits for `delay_s`, no longer than until that is set to less. `lose` counts replies to be lost after
    the work is done; `status` maps a path to a status to answer with, `judge` gives it for a call.
    """

    def __init__(self) -> None:
        self.tasks: dict[str, Entry] = {}
        self.hellos: list[dict[str, Any]] = []
        self.syncs: list[dict[str, Any]] = []
        self.heartbeat_s = 0.2
        self.slots = 4
        self.lose = 0
        self.status: dict[str, int] = {}
        self.judge: Callable[[dict[str, Any]], int] = lambda _request: 200
        self.run_id = "test"
        self.delay_s = 0.0
        self.concurrent = 0
        self.most_concurrent = 0
        self.lock = threading.Lock()
        self.open_sockets: list[socket.socket] = []
        self._port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def up(self) -> None:
        """Listen, after a `down` on the same port again."""
        gateway = self

        class Handler(_Handler):
            owner = gateway

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def process_request(self, request: Any, client_address: Any) -> None:
                gateway.open_sockets.append(request)
                super().process_request(request, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A cut connection is what the test wanted."""

        self._port = self._port or find_free_port()
        self._server = Server(("127.0.0.1", self._port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Stop listening and cut what is open."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for cut in self.open_sockets:
            with contextlib.suppress(OSError):
                cut.shutdown(socket.SHUT_RDWR)
        self.open_sockets.clear()

    def dispatch(self, assignment: Assignment) -> Knock:
        """Have a task ready to be claimed."""
        with self.lock:
            self.tasks[assignment.task] = Entry(assignment)
        return Knock(assignment.task, assignment.seq)

    def report_of(self, task: str, *, patience_s: float = 60.0) -> dict[str, Any]:
        """The accepted report of a task."""
        return until(lambda: self.tasks[task].report, patience_s=patience_s, what=f"a report of {task}")

    def hello(self, hello: dict[str, Any]) -> dict[str, Any]:
        self.hellos.append(hello)
        return {
            "party": "9999",
            "slots": self.slots,
            "heartbeat_s": self.heartbeat_s,
            "lease_s": 60.0,
            "run_id": self.run_id,
        }

    def sync(self, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.syncs.append(request)
            agent = request["agent"]
            beats = [self._beat(beat) for beat in request["beats"]]
            reports = [self._report(report) for report in request["reports"]]
            claims = [self._claim(claim, agent) for claim in request["claims"]]
        return {"claims": claims, "reports": reports, "beats": beats}

    def _claim(self, claim: dict[str, Any], agent: str) -> dict[str, Any]:
        entry = self.tasks.get(claim["task"])
        is_mine = entry is not None and entry.assignment.seq == claim["seq"]
        if entry is not None and is_mine and entry.state == "dispatched":
            entry.state, entry.agent = "running", agent
            entry.starts += 1
        if entry is None or not is_mine or entry.state != "running" or entry.agent != agent:
            return {**claim, "assignment": None, "reason": "no such dispatch"}
        return {**claim, "assignment": asdict(entry.assignment), "reason": ""}

    def _beat(self, beat: dict[str, Any]) -> dict[str, Any]:
        reply = {"task": beat["task"], "seq": beat["seq"], "stop_kind": "", "batch": 0}
        entry = self.tasks.get(beat["task"])
        if entry is None or entry.assignment.seq != beat["seq"] or entry.state != "running":
            return {**reply, "verdict": "fenced"}
        entry.beats.append(beat)
        if beat["batch"] > entry.batch:
            entry.batch = beat["batch"]
            entry.points += [[point["name"], point["step"], point["value"]] for point in beat["metrics"]]
        verdict = "stop" if entry.stop_kind else "go"
        return {**reply, "verdict": verdict, "stop_kind": entry.stop_kind, "batch": entry.batch}

    def _report(self, report: dict[str, Any]) -> dict[str, Any]:
        entry = self.tasks.get(report["task"])
        reply = {"task": report["task"], "seq": report["seq"]}
        if entry is None or entry.assignment.seq != report["seq"]:
            return {**reply, "accepted": False, "reason": "stale"}
        if entry.state == "running":
            entry.state, entry.report = report["outcome"], report
        return {**reply, "accepted": entry.report == report, "reason": ""}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: FakeGateway

    def do_POST(self) -> None:
        owner = self.owner
        body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        with owner.lock:
            owner.concurrent += 1
            owner.most_concurrent = max(owner.most_concurrent, owner.concurrent)
        try:
            self._serve(owner, body)
        finally:
            with owner.lock:
                owner.concurrent -= 1

    def _serve(self, owner: FakeGateway, body: dict[str, Any]) -> None:
        began = time.monotonic()
        while time.monotonic() - began < owner.delay_s:
            time.sleep(0.005)
        if owner.lose < 0:
            owner.lose += 1
            self.close_connection = True  # the request is lost, not the reply
            return
        status = owner.status.get(self.path.partition("?")[0], 200)
        if self.path == SYNC_PATH and status == 200:
            status = owner.judge(body)
        if status != 200:
            self._answer(status, {"error": {"code": "x", "message": f"told to answer {status}"}})
            return
        answer = owner.hello(body) if self.path.partition("?")[0] == HELLO_PATH else owner.sync(body)
        if owner.lose > 0 and self.path == SYNC_PATH and (body["claims"] or body["reports"]):
            owner.lose -= 1
            self.close_connection = True
            return
        self._answer(200, answer)

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        raw = orjson.dumps(value)
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_args: Any) -> None:
        """Keep the tests' output clean."""
