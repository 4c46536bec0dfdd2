"""The real system as separate processes that can each be killed, frozen and watched; started again when they die."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fedrota.client import Client
from fedrota.errors import FedrotaError
from fedrota.up.ports import find_free_port
from fedrota.up.spawn import kill_family
from scheduler.service.bootstrap import bootstrap
from scheduler.store.migrate import migrate
from scheduler.store.session import Store, make_store
from tests.conftest import ROOT
from tests.faults.proxy import Proxy

LEASES = {
    "FEDROTA_HEARTBEAT_S": "0.5",
    "FEDROTA_LEASE_S": "3",
    "FEDROTA_DISPATCH_LEASE_S": "5",
    "FEDROTA_OFFLINE_S": "3",
    "FEDROTA_SWEEP_S": "0.3",
    "FEDROTA_POISON_DEATHS": "1000",
}
"""Short leases; `offline_grace` stays at its hour, so that a task which nobody remembers is a stuck job here.

Workers that are killed at random have not died of their tasks: no step is poison, unless a test says otherwise.
"""
COMPONENTS = ROOT / "tests/faults/party_components.py"
RESTART_S = 0.2
TRACE = re.compile(r"Traceback \(most recent call last\)")


@dataclass
class Part:
    """One process of the system and the file that it writes to."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    out: Path
    popen: "subprocess.Popen[bytes] | None" = None
    died: float = 0.0
    restarts: int = 0
    is_wanted: bool = True

    def start(self) -> None:
        """Start it on a leash: it dies with us. Only from the main thread, whose life the leash follows."""
        leash = [sys.executable, "-I", "-S", str(ROOT / "fedrota/up/leash.py"), str(os.getpid())]
        file: IO[bytes]
        with self.out.open("ab") as file:
            self.popen = subprocess.Popen(
                [*leash, *self.argv], cwd=ROOT, env=dict(self.env), stdout=file, stderr=file, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Its process id, 0 while it is down."""
        return self.popen.pid if self.popen and self.popen.poll() is None else 0

    def signal(self, number: int) -> bool:
        """Send a signal to this process alone; whether it was there."""
        pid = self.pid
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return bool(pid)

    def text(self) -> str:
        """All that it wrote."""
        return self.out.read_text(errors="replace") if self.out.exists() else ""


@dataclass
class System:
    """Broker, gateway, schedulers, workers; each worker and the client reach the gateway through a proxy of their own."""

    folder: Path
    valkey: Path
    parties: Sequence[str] = ("a", "b", "c")
    database: str = ""
    schedulers: int = 1
    slots: int = 4
    settings: Mapping[str, str] = field(default_factory=dict)
    with_proxies: bool = True

    def __post_init__(self) -> None:
        self.state = self.folder / "state"
        self.state.mkdir(parents=True)
        self.port, self.broker_port = find_free_port(), find_free_port()
        self.proxies = {name: Proxy(self.port) for name in (*self.parties, "client")} if self.with_proxies else {}
        self.parts: dict[str, Part] = {}
        self.sql_url = self.database or f"sqlite:///{self.state / 'fedrota.db'}"
        self.broker_url = f"redis://127.0.0.1:{self.broker_port}/0"

    # --- life ---

    def start(self) -> None:
        """Start everything and wait until every party is online."""
        store = self.open_store()
        migrate(store)
        bootstrap(store, self.state, dict.fromkeys(self.parties, self.slots), now=datetime.now(UTC))
        store.close()
        self._add_parts()
        for part in self.parts.values():
            part.start()
        self.wait(self.is_ready, "everything is ready")

    def _add_parts(self) -> None:
        base = {name: text for name, text in os.environ.items() if not name.startswith("FEDROTA_")}
        base |= {**LEASES, **self.settings, "FEDROTA_BROKER_URL": self.broker_url, "FEDROTA_LOG_FORMAT": "json"}
        centre = {**base, "FEDROTA_STATE_DIR": str(self.state), "FEDROTA_PORT": str(self.port)}
        if self.database:
            centre["FEDROTA_DATABASE_URL"] = self.database.replace("postgresql+psycopg:", "postgresql:")
        broker = [str(self.valkey), "--port", str(self.broker_port), "--bind", "127.0.0.1", "--save", ""]
        self._add("broker", [*broker, "--dir", str(self.folder)], {**base, "FEDROTA_STATE_DIR": str(self.state)})
        self._add("gateway", [sys.executable, "-m", "api"], centre)
        for number in range(self.schedulers):
            self._add(f"scheduler.{number}", [sys.executable, "-m", "scheduler"], centre)
        for party in self.parties:
            self._add(f"worker.{party}", [sys.executable, "-m", "workers"], self.worker_env(base, party))

    def _add(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self.parts[name] = Part(name, argv, env, self.folder / f"{name}.log")

    def worker_env(self, base: Mapping[str, str], party: str) -> dict[str, str]:
        """The settings of a party's worker."""
        port = self.proxies[party].port if self.proxies else self.port
        return {
            "FEDROTA_STOP_GRACE_S": "2",
            **base,
            "FEDROTA_STATE_DIR": str(self.state / "parties" / party),
            "FEDROTA_GATEWAY_URL": f"http://127.0.0.1:{port}",
            "FEDROTA_PARTY": party,
            "FEDROTA_SLOTS": str(self.slots),
            "FEDROTA_TOKEN_FILE": str(self.state / "parties" / f"{party}.token"),
            "FEDROTA_COMPONENTS": f'["{COMPONENTS}"]',
        }

    def is_ready(self) -> bool:
        """Whether every process is up and every party online."""
        try:
            with self.client(direct=True) as client:
                online = {party.id for party in client.parties() if party.online}
        except FedrotaError:
            return False
        return online >= {
            name.partition(".")[2] for name in self.parts if name.startswith("worker") and self.parts[name].is_wanted
        }

    def tend(self) -> None:
        """Start again what has died, as a supervisor does."""
        now = time.monotonic()
        for part in self.parts.values():
            if part.popen is None or not part.is_wanted or part.popen.poll() is None:
                part.died = 0.0
            elif not part.died:
                part.died = now
                kill_family(part.popen.pid)
            elif now - part.died >= RESTART_S:
                part.died, part.restarts = 0.0, part.restarts + 1
                part.start()

    def wait(self, condition: Callable[[], bool], what: str, within_s: float = 200.0) -> float:
        """Seconds until the condition held; the processes are tended meanwhile."""
        began = time.monotonic()
        while not condition():
            self.tend()
            waited = time.monotonic() - began
            assert waited < within_s, f"not within {within_s:g} s: {what}\n{self.tails()}"
            time.sleep(0.05)
        return time.monotonic() - began

    def start_again(self) -> None:
        """Start everything after a `stop`, as the same installation."""
        for part in self.parts.values():
            part.is_wanted = True
            part.start()
        self.wait(self.is_ready, "everything is ready again")

    def stop(self) -> dict[str, int]:
        """End in order, the gateway first; each one's exit status."""
        statuses: dict[str, int] = {}
        for group in ("worker", "gateway", "scheduler", "broker"):
            parts = [part for name, part in self.parts.items() if name.startswith(group) and part.popen]
            for part in parts:
                part.is_wanted = False
                part.signal(signal.SIGCONT)
                part.signal(signal.SIGTERM)
            for part in parts:
                assert part.popen
                statuses[part.name] = part.popen.wait(120)
        return statuses

    def end(self) -> None:
        """Kill whatever is left, whether or not the test went well."""
        for part in self.parts.values():
            part.is_wanted = False
            if part.popen is not None:
                kill_family(part.popen.pid)
                part.popen.wait()
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for proxy in self.proxies.values():
            proxy.close()

    # --- looking ---

    def client(self, *, direct: bool = False) -> Client:
        """A client with the administrator's token, through its proxy unless `direct`."""
        port = self.port if direct or not self.proxies else self.proxies["client"].port
        return Client(f"http://127.0.0.1:{port}", (self.state / "token").read_text().strip(), timeout_s=30)

    def open_store(self) -> Store:
        """The system's database, opened beside it."""
        return make_store(self.sql_url, pool_size=2)

    def broker(self) -> "redis.Redis":
        """A connection to the broker."""
        never = Retry(NoBackoff(), 0)  # whoever asks has frozen processes to wake in time
        return redis.Redis.from_url(self.broker_url, socket_timeout=2, socket_connect_timeout=1, retry=never)

    def site(self, party: str) -> Path:
        """Where the party's worker keeps everything."""
        return self.state / "parties" / party / f"party-{party}"

    def zygote(self, party: str) -> int:
        """The process that starts the party's tasks, 0 where there is none."""
        pid = self.parts[f"worker.{party}"].pid
        return next(iter(children(pid)), 0) if pid else 0

    def task_processes(self, party: str) -> list[int]:
        """The processes below the zygote: warm ones and those that run tasks.

        None before the zygote is ready: until then it tries in them what it loads.
        """
        zygote = self.zygote(party)
        is_ready = f'{{"pid": {zygote}, "components": ' in self.parts[f"worker.{party}"].text()
        return children(zygote) if is_ready else []

    def processes(self) -> list[int]:
        """Every living process that has the system's state folder in its environment, whoever its parent is."""
        wanted = str(self.state).encode()
        return [pid for pid in psutil.pids() if pid != os.getpid() and wanted in read_environ(pid)]

    def tracebacks(self) -> Iterator[tuple[str, str]]:
        """(process, traceback) for every one in a log; a log line of ours holds it whole, others print it."""
        for part in self.parts.values():
            lines = part.text().splitlines()
            for number, line in enumerate(lines):
                if TRACE.search(line):
                    end = next((at for at in range(number, len(lines)) if lines[at].startswith("{")), len(lines))
                    yield part.name, line if end == number else "\n".join(lines[max(0, number - 2) : end])

    def tails(self) -> str:
        """The processes that live, and the last lines of every log."""
        lives = [f"{pid}: {' '.join(read_words(pid))}" for pid in self.processes()]
        tails = [f"--- {part.name}\n" + "\n".join(part.text().splitlines()[-15:]) for part in self.parts.values()]
        return "\n".join([*lives, *tails])


def children(pid: int) -> list[int]:
    """Living children of a process."""
    try:
        return [child.pid for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def read_environ(pid: int) -> bytes:
    """The environment of a process; empty where it is gone, a zombie or not ours."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def read_words(pid: int) -> list[str]:
    """The command line of a process; empty where it is gone."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def kill(pid: int) -> bool:
    """SIGKILL to a process; whether there was one. 0 is none."""
    if not pid:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
