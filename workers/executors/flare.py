"""Runs FLARE jobs with NVIDIA FLARE itself: its server at one party, its clients at the others, one of each per run.

The parties exchange what the run needs: each site sends a signing request, the server's party answers with a kit
that holds no key, and says when the job is over. FLARE's own traffic goes straight to the server's address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

import workers
from scheduler.domain.messages import Assignment, MetricPoint, Peer
from workers.attachments import AttachmentError, Attachments
from workers.executors.base import AssignmentError, Bytes, Ending, ExchangePort, Executor, Handle, Letter, Place, Sink
from workers.executors.flare_request import make_request
from workers.executors.iflearner import EngineSettings
from workers.executors.iflearner_command import pick_address
from workers.executors.loop import ExecutorLoop
from workers.executors.run import failure
from workers.flare.news import END, FINISHED, KITS, ORDER, VERDICT
from workers.workdir import PathError, check_name

ENGINE: Final = "flare"
SERVER: Final = "server"
REQUEST: Final = "request"
KIT: Final = "kit"
OVER: Final = "over"
OUTPUT: Final = "workspace"
ARCHIVE: Final = "job.zip"
START_S: Final = 120.0
FOREVER_S: Final = 1e9
LOOK_S: Final = 0.1
_BOOT: Final = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=False)"
)
"""Our modules come last on the path of FLARE's interpreter, and its own processes do not inherit them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlareSettings:
    """The engine's settings, and where the files of jobs come from."""

    engine: EngineSettings
    attachments: Attachments


class FlareExecutor:
    """Hands each member on to the command executor, once what it needs has come from the others."""

    def __init__(
        self, loop: ExecutorLoop, *, exchange: ExchangePort, settings: FlareSettings, commands: Executor
    ) -> None:
        self.loop = loop
        self.exchange = exchange
        self.settings = settings
        self.commands = commands

    def start(self, assignment: Assignment, place: Place, sink: Sink) -> Handle:
        """Begin as server or as client, as the role says."""
        kind = ServerRun if assignment.role == SERVER else ClientRun
        run = kind(self, assignment, place=place, sink=sink)
        self.loop.call(run.begin)
        return run


class FlareRun:
    """One member under way: handle of the task and sink of its command. All in the loop's thread but the handle."""

    module = ""

    def __init__(self, executor: FlareExecutor, assignment: Assignment, *, place: Place, sink: Sink) -> None:
        self.executor = executor
        self.loop = executor.loop
        self.assignment = assignment
        self.place = place
        self.sink = sink
        self.inner: Handle | None = None
        self.is_over = False

    # As a handle

    def stop(self, grace_s: float) -> None:
        """Pass it on, or end here where nothing runs yet."""
        self.loop.call(self._stop, grace_s)

    def kill(self) -> None:
        """As `stop`, at once."""
        self.loop.call(self._stop, 0.0)

    def log_size(self) -> int:
        """Bytes in the log."""
        return self.inner.log_size() if self.inner is not None else 0

    def _stop(self, grace_s: float) -> None:
        if self.inner is None:
            self.finish(failure("stopped", "the task was stopped before it began"))
        elif grace_s:
            self.inner.stop(grace_s)
        else:
            self.inner.kill()

    # As the sink of the command

    def started(self, pid: int) -> None:
        """It has a process."""
        self.sink.started(pid)

    def progressed(self, fraction: float) -> None:
        """Pass it on."""
        self.sink.progressed(fraction)

    def measured(self, points: tuple[MetricPoint, ...]) -> None:
        """Pass them on."""
        self.sink.measured(points)

    def summed(self, values: Mapping[str, Any]) -> None:
        """Pass them on."""
        self.sink.summed(values)

    def is_full(self) -> bool:
        """As the outer sink."""
        return self.sink.is_full()

    def ended(self, ending: Ending) -> None:
        """The command is gone; where it failed it may have left a reason in words."""
        verdict = read_json(self.place.workdir / VERDICT) if ending.outcome != "success" else None
        if verdict is not None:
            ending = replace(ending, kind=str(verdict["kind"]), message=str(verdict["message"]))
        self.loop.call(self.finish, ending)

    # For both kinds of member

    def begin(self) -> None:
        """Open the exchange, then begin."""
        if self.is_over:
            return
        try:
            self._check_engine()
            self.executor.exchange.open(self.assignment)
            self.place.workdir.mkdir(parents=True, exist_ok=True)
            self.prepare()
        except AssignmentError as wrong:
            self.finish(failure("invalid", str(wrong)))

    def _check_engine(self) -> None:
        if self.executor.settings.engine.python is None:
            raise AssignmentError(
                "this party's worker has no FLARE engine: install nvflare>=2.8 and set FEDROTA_ENGINES, "
                'e.g. {"flare": "/opt/nvflare/bin/python"}'
            )

    def prepare(self) -> None:
        """Begin this kind of member; AssignmentError where it can never work here."""
        raise NotImplementedError

    def launch(self, order: Mapping[str, Any]) -> None:
        """Run the module of this member in FLARE's environment, with its order in a file beside it."""
        given = {**order, "output": str(self.place.outputs / OUTPUT)}
        (self.place.workdir / ORDER).write_bytes(orjson.dumps(given))
        tree = str(Path(workers.__file__).parents[1])
        python = str(self.executor.settings.engine.python)
        run = {"command": [python, "-I", "-c", _BOOT, tree, self.module], "outputs": {OUTPUT: "file"}}
        self.inner = self.executor.commands.start(replace(self.assignment, run=run), self.place, self)

    def finish(self, ending: Ending) -> None:
        """The member is over; tell it once, the others too."""
        if self.is_over:
            return
        self.is_over = True
        self.executor.exchange.close(self.assignment.task, self.assignment.seq, ending.outcome)
        self.sink.ended(ending)

    def give_up(self, ending: Ending) -> None:
        """End early: what runs is killed first."""
        if self.inner is not None and not self.is_over:
            self.inner.kill()
        self.finish(replace(ending, log_size=self.log_size()))

    def receive(self, peer: Peer, name: str, *, timeout_s: float, then: Callable[[Bytes, str], None]) -> None:
        """Give the message, or why there is none, to `then` in the loop's thread, unless the member is over."""

        def take(message: Bytes, error: str) -> None:
            if not self.is_over:
                then(message, error)

        self.executor.exchange.recv(
            self.assignment.task,
            self.assignment.seq,
            Letter(peer.task, name),
            timeout_s=timeout_s,
            on_message=lambda message, error: self.loop.call(take, message, error),
        )

    def send(self, peer: Peer, name: str, payload: Bytes) -> None:
        """Send; what is lost belongs to a peer that is gone, which the centre notices itself."""
        self.executor.exchange.send(
            self.assignment.task, self.assignment.seq, Letter(peer.task, name), payload, on_done=lambda _error: None
        )


class ServerRun(FlareRun):
    """The server's party: gathers requests and the job, runs the server, hands out kits, tells of the end."""

    module = "workers.flare.serve"

    def prepare(self) -> None:
        """Ask for everything that is needed; whatever comes last starts the server."""
        self._archive, self._folder = parse_run(self.assignment.run)
        self._sites = {peer.party: peer for peer in self.assignment.peers if peer.role != SERVER}
        self._requests: dict[str, str] = {}
        self._unsent = dict(self._sites)
        self._has_job = False
        self._has_told = False
        if not self._sites:
            raise AssignmentError("run: a FLARE job needs a member in the role 'client'")
        self.loop.apart(self._fetch_job, then=self._on_job)
        for site, peer in self._sites.items():
            self.receive(peer, REQUEST, timeout_s=START_S, then=self._make_taker(site))

    def _fetch_job(self) -> str:
        """Why the job's files did not come, or empty; in a thread of its own."""
        try:
            self.executor.settings.attachments.fetch(
                self.assignment.task, self._archive, self.place.workdir / ARCHIVE, is_wanted=lambda: not self.is_over
            )
        except (AttachmentError, OSError) as wrong:
            return str(wrong)
        return ""

    def _on_job(self, problem: str) -> None:
        self._has_job = not problem
        if problem and not self.is_over:
            self.finish(failure("unreachable", problem))
        self._launch_when_ready()

    def _make_taker(self, site: str) -> Callable[[Bytes, str], None]:
        def take(message: Bytes, error: str) -> None:
            if error:
                self.finish(failure("unreachable", f"the signing request of site {site} did not come: {error}"))
                return
            self._requests[site] = bytes(message).decode(errors="replace")
            self._launch_when_ready()

        return take

    def _launch_when_ready(self) -> None:
        if self.is_over or not self._has_job or len(self._requests) < len(self._sites):
            return
        host, _, port = pick_address(self.executor.settings.engine.host).rpartition(":")
        self.launch(
            {
                "job": self.assignment.job,
                "host": host,
                "port": int(port),
                "requests": {site: self._requests[site] for site in self._sites},
                "archive": ARCHIVE,
                "folder": self._folder,
                "start_s": START_S,
                "stall_s": self.executor.settings.engine.stall_s,
            }
        )
        self._look()

    def _look(self) -> None:
        """Pass on the kits as they are made, and that the job is over."""
        if self.is_over:
            return
        for site in list(self._unsent):
            kit = self.place.workdir / KITS / f"{site}.zip"
            if kit.exists():
                self.send(self._unsent.pop(site), KIT, kit.read_bytes())
        if (self.place.workdir / FINISHED).exists():
            self._tell_over()
        else:
            self.loop.later(LOOK_S, self._look)

    def _tell_over(self) -> None:
        if not self._has_told:
            self._has_told = True
            for peer in self._sites.values():
                self.send(peer, OVER, b"")

    def finish(self, ending: Ending) -> None:
        """As any member; a run that ended well between two looks is told of before its channel closes."""
        if ending.outcome == "success" and not self.is_over:
            self._tell_over()
        super().finish(ending)


class ClientRun(FlareRun):
    """A site: makes its key, gets its kit, runs its client until the job is over."""

    module = "workers.flare.join"

    def prepare(self) -> None:
        """Ask the server's party for a kit."""
        server = next((peer for peer in self.assignment.peers if peer.role == SERVER), None)
        if server is None:
            raise AssignmentError("run: a FLARE job needs a member in the role 'server'")
        self._server = server
        key = self.place.workdir / "site" / "startup" / "client.key"
        self.loop.aside(make_request, self.assignment.party, key, then=self._on_request)
        self.receive(server, KIT, timeout_s=2 * START_S, then=self._on_kit)

    def _on_request(self, request: str) -> None:
        if not self.is_over:
            self.send(self._server, REQUEST, request.encode())

    def _on_kit(self, message: Bytes, error: str) -> None:
        if error:
            self.finish(failure("unreachable", f"the kit of the server's party did not come: {error}"))
            return
        (self.place.workdir / "kit.zip").write_bytes(message)
        self.launch({"kit": "kit.zip", "site": self.assignment.party})
        self.receive(self._server, OVER, timeout_s=FOREVER_S, then=self._on_over)

    def _on_over(self, _message: Bytes, error: str) -> None:
        if error:
            self.give_up(failure("unreachable", f"the server's party is gone: {error}"))
        else:
            (self.place.workdir / END).touch()


def parse_run(run: Mapping[str, Any]) -> tuple[str, str]:
    """The attachment that holds the job and the folder in it; AssignmentError where they are no names."""
    folder = str(run.get("folder", ""))
    if not folder or folder in {".", ".."} or "/" in folder or "\0" in folder:
        raise AssignmentError(f"run.folder: {folder[:100]!r} is no folder's name")
    try:
        return check_name(str(run.get("archive", "")), "run.archive"), folder
    except PathError as wrong:
        raise AssignmentError(str(wrong)) from wrong


def read_json(path: Path) -> Mapping[str, Any] | None:
    """The object in a file; None where there is no such file."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
