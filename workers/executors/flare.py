"""Runs FLARE jobs with NVIDIA FLARE itself: its server at one party, its clients at the others, one of each per run.

The parties exchange what the run needs: each site sends a signing request, the server's party answers with a kit
that holds no key, and says when the job is over. FLARE's own traffic goes straight to the server's address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from scheduler.domain.messages import Assignment
from workers.attachments import AttachmentError, Attachments
from workers.exchange.port import Bytes, ExchangePort, Letter
from workers.executors.base import AssignmentError, Ending, Executor, Place, Sink, failure
from workers.executors.engine_settings import EngineSettings
from workers.executors.flare_nursery import is_program
from workers.executors.flare_request import make_request
from workers.executors.loop import ExecutorLoop
from workers.executors.member import FOREVER_S, SERVER, MemberExecutor, MemberRun
from workers.flare.news import END, FINISHED, KITS, ORDER, VERDICT
from workers.workdir import PathError, check_name

FLARE: Final = "flare"
REQUEST: Final = "request"
KIT: Final = "kit"
OVER: Final = "over"
OUTPUT: Final = "workspace"
ARCHIVE: Final = "job.zip"
START_S: Final = 120.0
LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FlareSettings:
    """The engine's settings, and where the files of jobs come from."""

    engine: EngineSettings
    attachments: Attachments


class FlareExecutor(MemberExecutor):
    """Hands each member on to `commands`, which runs it in FLARE's interpreter, once it has what it needs."""

    def __init__(
        self, loop: ExecutorLoop, *, exchange: ExchangePort, settings: FlareSettings, commands: Executor
    ) -> None:
        super().__init__(loop, exchange=exchange)
        self.settings = settings
        self.commands = commands

    def make_run(self, assignment: Assignment, *, place: Place, sink: Sink) -> MemberRun:
        """The server or a client."""
        kind = ServerRun if assignment.role == SERVER else ClientRun
        return kind(self, assignment, place=place, sink=sink)


class FlareRun(MemberRun):
    """One member under way."""

    module = ""

    def __init__(self, executor: FlareExecutor, assignment: Assignment, *, place: Place, sink: Sink) -> None:
        super().__init__(executor, assignment, place=place, sink=sink)
        self.executor = executor

    def check(self) -> None:
        """Whether FLARE is installed here; then the member has a folder."""
        python = self.executor.settings.engine.python
        if python is None:
            raise AssignmentError(
                "this party's worker has no FLARE engine: install nvflare>=2.8 and set FEDROTA_ENGINES, "
                'e.g. {"flare": "/opt/nvflare/bin/python"}'
            )
        if not is_program(python):
            raise AssignmentError(f"FEDROTA_ENGINES: this party's host has no program {python}")
        self.place.workdir.mkdir(parents=True, exist_ok=True)

    def launch(self, order: Mapping[str, Any], files: Mapping[str, Bytes] | None = None) -> None:
        """Run the module of this member in FLARE's environment, with its order and other files in its folder."""
        given = orjson.dumps({**order, "output": str(self.place.outputs / OUTPUT)})
        try:
            for name, content in {**(files or {}), ORDER: given}.items():
                (self.place.workdir / name).write_bytes(content)
        except OSError as wrong:
            self.miss_files(wrong)
            return
        self.run_inside(self.executor.commands, {"command": [self.module], "outputs": {OUTPUT: "file"}})

    def miss_files(self, wrong: OSError) -> None:
        """End early: a file of the run can be neither read nor written."""
        self.give_up(failure("limit", f"the run's files cannot be read or written: {wrong}"))

    def ended(self, ending: Ending) -> None:
        """The command is gone; where it failed it may have left a reason in words."""
        verdict = read_json(self.place.workdir / VERDICT) if ending.outcome != "success" else None
        if verdict is not None and verdict.keys() >= {"kind", "message"}:
            ending = replace(ending, kind=str(verdict["kind"]), message=str(verdict["message"]))
        super().ended(ending)


class ServerRun(FlareRun):
    """The server's party: gathers requests and the job, runs the server, hands out kits, tells of the end."""

    module = "workers.flare.serve"

    def prepare(self) -> None:
        """Ask for everything that is needed; whatever comes last starts the server."""
        self._archive, self._folder = parse_run(self.assignment.run)
        self._sites = self.list_others()
        self._requests: dict[str, str] = {}
        self._unsent = dict(self._sites)
        self._has_job = False
        self._has_told = False
        if not self._sites:
            raise AssignmentError("run: a FLARE job needs a member in the role 'client'")
        self.loop.apart(self._fetch_job, then=self._on_job)
        for site, peer in self._sites.items():
            self.receive(Letter(peer.task, REQUEST), timeout_s=START_S, then=self._make_taker(site))

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
                self.follow(f"the signing request of site {site} did not come: {error}")
                return
            self._requests[site] = bytes(message).decode(errors="replace")
            self._launch_when_ready()

        return take

    def _launch_when_ready(self) -> None:
        if self.is_over or not self._has_job or len(self._requests) < len(self._sites):
            return
        self.launch(
            {
                "job": self.assignment.job,
                "host": self.executor.settings.engine.host,
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
        try:
            self._send_kits()
        except OSError as wrong:
            self.miss_files(wrong)
        else:
            self._look_for_end()

    def _send_kits(self) -> None:
        for site in list(self._unsent):
            kit = self.place.workdir / KITS / f"{site}.zip"
            if kit.exists():
                self.send(Letter(self._unsent.pop(site).task, KIT), kit.read_bytes())

    def _look_for_end(self) -> None:
        if (self.place.workdir / FINISHED).exists():
            self._tell_over()
        else:
            self.loop.later(LOOK_S, self._look)

    def _tell_over(self) -> None:
        if not self._has_told:
            self._has_told = True
            for peer in self._sites.values():
                self.send(Letter(peer.task, OVER), b"")

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
        server = self.find_server()
        if server is None:
            raise AssignmentError("run: a FLARE job needs a member in the role 'server'")
        self._server = server
        key = self.place.workdir / "site" / "startup" / "client.key"
        self.loop.aside(self._make_request, key, then=self._on_request)
        self.receive(Letter(server.task, KIT), timeout_s=2 * START_S, then=self._on_kit)

    def _make_request(self, key: Path) -> str | OSError:
        try:
            return make_request(self.assignment.party, key)
        except OSError as wrong:
            return wrong

    def _on_request(self, made: str | OSError) -> None:
        if isinstance(made, OSError):
            self.miss_files(made)
        elif not self.is_over:
            self.send(Letter(self._server.task, REQUEST), made.encode())

    def _on_kit(self, message: Bytes, error: str) -> None:
        if error:
            self.follow(f"the kit of the server's party did not come: {error}")
            return
        self.launch({"kit": "kit.zip", "site": self.assignment.party}, {"kit.zip": message})
        self.receive(Letter(self._server.task, OVER), timeout_s=FOREVER_S, then=self._on_over)

    def _on_over(self, _message: Bytes, error: str) -> None:
        if error:
            self.follow(f"the server's party is gone: {error}")
            return
        try:
            (self.place.workdir / END).touch()
        except OSError as wrong:
            self.miss_files(wrong)


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
