"""Runs one job with FLARE's own server: kits for all, the server, the job, and what becomes of it."""

import json
import os
import sys
import time
import traceback
import zipfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from workers.flare.child import ChildDiedError
from workers.flare.commands import answer_commands, list_errors, refuse_commands, take_commands
from workers.flare.forks import Forks
from workers.flare.kit import ADMIN, KitError, pack_kit
from workers.flare.news import FINISHED, KITS, ORDER, VERDICT, News, write_mark
from workers.flare.pack import find_last_error, pack_folder
from workers.flare.server import RunError, start_server
from workers.flare.watch import Watch, find_round

LOOK_S: Final = 0.2
LOGIN_S: Final = 5.0
ANSWER_S: Final = 60.0
"""So long a busy server may take over a job that comes or its result that goes, which are asked for once."""
COMMAND_S: Final = 3.0
"""A question to a job that is just ending must not keep us from seeing its end."""
DONE: Final = "FINISHED:COMPLETED"


def main(forks: Forks) -> None:
    """Run the job of the order file in this folder; its exit status is 0 where the job has completed."""
    code = 1
    try:
        code = serve(Path.cwd(), forks)
    finally:
        if sys.exc_info()[1] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads of FLARE's session would keep the interpreter alive


def serve(place: Path, forks: Forks) -> int:
    """Run the job of the order file in `place`; the exit status, with a verdict in words where it is not 0."""
    order = json.loads((place / ORDER).read_text())
    try:
        Run(place, order, forks).carry_out()
    except (RunError, KitError, ChildDiedError) as wrong:
        reason = find_last_error(place)
        message = f"{wrong}: {reason}" if reason else str(wrong)
        write_mark(place / VERDICT, {"kind": getattr(wrong, "kind", "error"), "message": message})
        return 1
    return 0


class Run:
    """One job on a server of its own."""

    def __init__(self, place: Path, order: Mapping[str, Any], forks: Forks) -> None:
        self._place = place
        self._order = order
        self._forks = forks
        self._news = News()
        self._sites: list[str] = list(order["requests"])

    def carry_out(self) -> None:
        """From kits to result; RunError, KitError or ChildDiedError where it fails."""
        self._news.summary("phase", "starting the server")
        self._server = server = start_server(self._place, self._order, self._forks)
        for site in self._sites:
            pack_kit(server.kits / site, self._place / KITS / f"{site}.zip")
        try:
            session = self._log_in(server.kits / ADMIN)
            self._wait_for_sites(session)
            session.set_timeout(ANSWER_S)
            job = session.submit_job(str(self._unpack_job()))
            self._news.summary("flare_job", job)
            self._watch(session, job)
            write_mark(self._place / FINISHED, {"sites": self._sites})
            self._keep_result(session, job)
        except list_errors() as wrong:
            traceback.print_exc()
            server.child.check()  # a server that has died is the better reason
            raise RunError("error", f"FLARE's server refused: {type(wrong).__name__}: {wrong}") from wrong
        finally:
            server.child.end()

    def _log_in(self, kit: Path) -> Any:
        """A session with the server, once it answers."""
        api = import_module("nvflare.fuel.flare_api.flare_api")
        no_answer = import_module("nvflare.apis.fl_exception").FLCommunicationError  # in the middle of a login
        give_up = time.monotonic() + self._order["start_s"]
        while True:
            self._server.child.check()
            try:
                return api.new_secure_session(ADMIN, str(kit), timeout=LOGIN_S)
            except (ConnectionError, no_answer) as wrong:
                if time.monotonic() > give_up:
                    raise RunError(
                        "timeout",
                        f"FLARE's server did not answer at {self._order['host']}:{self._server.port} within "
                        f"{self._order['start_s']:g} s: is FEDROTA_ENGINE_HOST an address of this party's host?",
                    ) from wrong

    def _wait_for_sites(self, session: Any) -> None:
        self._news.summary("phase", "waiting for the sites")
        give_up = time.monotonic() + self._order["start_s"]
        while missing := set(self._sites) - list_connected(session):
            self._server.child.check()
            if time.monotonic() > give_up:
                names = ", ".join(sorted(missing))
                raise RunError(
                    "timeout",
                    f"no FLARE client of {names} came within {self._order['start_s']:g} s: can they reach "
                    f"{self._order['host']}:{self._server.port}? If not, set FEDROTA_ENGINE_HOST at the worker of the "
                    "server's party to an address of its host that they reach",
                )
            time.sleep(LOOK_S)

    def _unpack_job(self) -> Path:
        """The job's folder as it was sent, without the id that its author may have given it."""
        root = self._place / "job"
        with zipfile.ZipFile(self._place / self._order["archive"]) as archive:
            archive.extractall(root)
        folder: Path = root / self._order["folder"]
        meta = folder / "meta.json"
        if meta.is_file():
            given = json.loads(meta.read_text())
            if given.pop("job_id", None) is not None:
                meta.write_text(json.dumps(given))
        return folder

    def _watch(self, session: Any, job: str) -> None:
        """Tell how far the job is until it has ended; RunError where it does not end well."""
        watch = Watch(session, job, self._news)
        session.set_timeout(COMMAND_S)
        take_commands(self._place)
        since = time.monotonic()
        while not (status := watch.look()).startswith("FINISHED"):
            self._server.child.check()
            answer_commands(self._place, session, job, known_as=self._order["job"])
            if watch.has_moved:
                since = time.monotonic()
            if time.monotonic() - since > self._order["stall_s"]:
                where = find_round(watch.stats)
                raise RunError("timeout", f"FLARE's job has not moved for {self._order['stall_s']:g} s (round {where})")
            time.sleep(LOOK_S)
        refuse_commands(self._place)
        session.set_timeout(ANSWER_S)
        if status != DONE:
            raise RunError("error", f"FLARE's job ended as {status}")

    def _keep_result(self, session: Any, job: str) -> None:
        """Leave the server's workspace as the output that the assignment declares."""
        self._news.summary("phase", "packing the result")
        found = Path(session.download_job_result(job, str(self._place / "result")))
        pack_folder(found / "workspace", Path(self._order["output"]))


def list_connected(session: Any) -> set[str]:
    """The sites that FLARE's server knows by now; none where it is too busy to say."""
    try:
        return {client.name for client in session.get_connected_client_list()}
    except ConnectionError:
        return set()
