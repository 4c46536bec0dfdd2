"""One system with FLARE's published clients and our drop-in session: each makes every call once, many at a time."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fedrota import Client
from fedrota.flare import JobNotFound, JobNotRunning, new_secure_session
from tests.clients.install import install

HERE = Path(__file__).parent
READY_S = 200.0
RUN_S = 900.0
LOOK_S = 0.2
AT_ONCE = 4
"""So many clients work at the same time."""
USER = "lead@hq.org"
MEMBER = "member@clinic.org"
LEAVER = "gone@clinic.org"
OLDEST = "2.4.2"
OURS = "drop-in"
REAL = ("2.5.2", "2.9.0")
"""These also run the example, a real numpy job, to its end."""
SITES = ("site-1", "site-2", "site-3", "site-4")
PARTIES = ("server", *SITES)
DISTURBED = ("site-3", "site-4")
"""Restarted in turn, so that one comes back while the other is used."""
TRAINED = {"app": ["server", "site-1", "site-2"]}
ROUNDS = 100_000
ROUND_S = 2.0
"""A training without end leaves the processor to the others."""
LISTENER = (OLDEST, "2.5.2", "2.6.2")
BRIDGE = ("2.8.1", "2.9.0")
LABELS = (*LISTENER, *BRIDGE, OURS)
SETTINGS = {"FEDROTA_HEARTBEAT_S": "1", "FEDROTA_OFFLINE_S": "10", "FEDROTA_FLARE_OLD_UPLOADS": "true"}
PROJECT = """
name: demo
participants:
  - {{name: server, type: server, org: hq, fed_learn_port: {bridge}, admin_port: {listener}, host_names: [127.0.0.1],
     connect_to: 127.0.0.1}}
  - {{name: site-1, type: client, org: hq}}
  - {{name: site-2, type: client, org: hq}}
  - {{name: site-3, type: client, org: hq}}
  - {{name: site-4, type: client, org: hq}}
  - {{name: lead@hq.org, type: admin, org: hq, role: project_admin}}
  - {{name: member@clinic.org, type: admin, org: clinic, role: member}}
  - {{name: gone@clinic.org, type: admin, org: clinic, role: lead}}
"""
TUNER = """
from nvflare.apis.event_type import EventType
from nvflare.apis.fl_component import FLComponent


class Tuner(FLComponent):
    def handle_event(self, event_type, fl_ctx):
        if event_type == EventType.START_RUN:
            fl_ctx.get_engine().register_app_command("tune", self.tune)

    def tune(self, topic, data, fl_ctx, *args, **kwargs):
        return {"topic": topic, "doubled": 2 * data["rate"]}
"""
"""A component that takes commands."""
LONG = {
    "name": "long",
    "parties": {"server": ["server"], "client": ["site-1", "site-2", "site-3"]},
    "steps": [{"name": "run", "command": ["sh", "-c", "echo round 1; echo round 2; exec sleep 3000"]}],
}


@dataclass(frozen=True)
class System:
    """The system that runs, and its folder: state, kits, jobs, what clients wrote."""

    repository: Path
    folder: Path
    url: str
    bridge: int
    """The port of the bridge."""

    @property
    def token(self) -> str:
        return (self.folder / "state" / "token").read_text().strip()

    def kit(self, user: str, name: str) -> Path:
        """A copy of a user's kit for one client."""
        return Path(shutil.copytree(self.folder / "kits" / user, self.folder / f"kit-{name}"))

    def process(self, name: str) -> Mapping[str, Any]:
        """What `fedrota up` says of one of its processes."""
        found = [one for one in read(self.folder / "state" / "up.json")["processes"] if one["name"] == name]
        return found[0] if found else {}

    def fedrota(self, *words: str) -> None:
        """A command of ours, as typed."""
        argv = [sys.executable, "-m", "fedrota", *words]
        environment = {**os.environ, "FEDROTA_STATE_DIR": str(self.folder / "state")}
        done = subprocess.run(
            argv, cwd=self.repository, env=environment, capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, argv: list[str], *, is_ours: bool = False) -> str:
        """What a client prints; only our own one has anything of ours on its path."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            argv, cwd=self.repository if is_ours else self.folder, env=kept, capture_output=True, text=True,
            check=False, timeout=RUN_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{argv}:\n{done.stdout}{done.stderr}"
        return done.stdout


@dataclass
class Gates:
    """Where clients wait: for the training's first round, and for the turn in which they alone disturb the system."""

    folder: Path
    restarts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DISTURBED, 0))
    working: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))
    all_wait: threading.Barrier = field(default_factory=lambda: threading.Barrier(len(LABELS)))
    turn: threading.Lock = field(default_factory=threading.Lock)
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def open(self, name: str, word: str = "") -> None:
        """Let those who wait for it go on; the word is for them."""
        draft = self.folder / f".{name}"
        draft.write_text(word)
        draft.rename(self.folder / name)


def run_all(repository: Path, folder: Path, ports: tuple[int, int]) -> dict[str, Any]:
    """What each client was answered; `ports` are those of the listener and the bridge."""
    from tests.contract.dialects.flare.doors import try_bridge

    make_jobs(repository, folder)
    (folder / "project.yml").write_text(PROJECT.format(listener=ports[0], bridge=ports[1]))
    (folder / "gates").mkdir()
    gates = Gates(folder / "gates")
    with serve(repository, folder, ports) as url, ThreadPoolExecutor(2 * len(LABELS)) as pool:
        system = System(repository, folder, url, ports[1])
        system.fedrota("provision", str(folder / "project.yml"), "--out", str(folder / "kits"))
        wait_for(lambda: "ready" in (folder / "state/log/flare-bridge.log").read_text(), "the bridge does not open")
        trained = submit_training(system)
        awaited = pool.submit(await_training, system, trained, gates)
        hellos = {label: pool.submit(run_hello, system, label) for label in REAL}
        calls = {label: pool.submit(run_client, system, gates, trained, label) for label in LABELS}
        bridge = pool.submit(try_bridge, system)
        awaited.result()
        clients = {label: {**each.result(), "trained": trained} for label, each in calls.items()}
        for label, each in hellos.items():
            clients[label]["hello"] = each.result()
        found = {"clients": clients, "bridge": bridge.result()}
    return {**found, "bridge_log": (folder / "state/log/flare-bridge.log").read_text()}


def make_jobs(repository: Path, folder: Path) -> None:
    """Job folders: one of a moment, one that is wrong, a large one, FLARE's own, and that with rounds without end."""
    config = folder / "job" / "app" / "config"
    config.mkdir(parents=True)
    steps = {"steps": [{"name": "run", "command": ["echo", "done"]}]}
    (config / "config_fedrota.json").write_text(json.dumps(steps))
    meta = {"name": "job", "deploy_map": {"app": ["@ALL"]}, "min_clients": 2, "resource_spec": {}}
    (folder / "job" / "meta.json").write_text(json.dumps(meta))
    shutil.copytree(folder / "job", folder / "bad")
    (folder / "bad" / "meta.json").write_text(json.dumps({**meta, "deploy_map": {}}))
    shutil.copytree(folder / "job", folder / "one-site")
    (folder / "one-site" / "meta.json").write_text(json.dumps({**meta, "name": "one-site", "min_clients": 1}))
    shutil.copytree(folder / "job", folder / "large")
    (folder / "large" / "meta.json").write_text(json.dumps({**meta, "name": "large"}))
    (folder / "large" / "app" / "model.bin").write_bytes(os.urandom(6 << 20))
    shutil.copytree(repository / "examples/flare/hello-numpy", folder / "hello-numpy")
    change(folder / "hello-numpy/meta.json", lambda given: given.update(deploy_map=TRAINED))
    shutil.copytree(folder / "hello-numpy", folder / "endless")
    change(folder / "endless/meta.json", lambda given: given.update(name="endless"))
    pace = {"sleep_time": ROUND_S}
    client = folder / "endless/app/config/config_fed_client.json"
    change(client, lambda given: given["executors"][0]["executor"].update(args=pace))
    server = folder / "endless/app/config/config_fed_server.json"
    change(server, lambda given: given["workflows"][0]["args"].update(num_rounds=ROUNDS))
    change(server, lambda given: given["components"].append({"id": "tuner", "path": "tuner.Tuner", "args": {}}))
    (folder / "endless/app/custom").mkdir()
    (folder / "endless/app/custom/tuner.py").write_text(TUNER)


def change(path: Path, how: Any) -> None:
    """Change a JSON file."""
    given = json.loads(path.read_text())
    how(given)
    path.write_text(json.dumps(given))


def submit_training(system: System) -> str:
    """A job of FLARE's own engine that trains for as long as the system runs; its id."""
    with new_secure_session(USER, str(system.folder / "kits" / USER)) as session:
        return session.submit_job(str(system.folder / "endless"))


def await_training(system: System, job: str, gates: Gates) -> None:
    """Open the gate for those who look at the training once it has a round."""
    with new_secure_session(USER, str(system.folder / "kits" / USER)) as session:

        def has_rounds() -> bool:
            try:
                found = session.show_stats(job, "server")
            except (JobNotRunning, JobNotFound):
                assert not session.get_job_meta(job)["status"].startswith("FINISHED"), session.get_job_meta(job)
                return False
            return "current_round" in str(found)

        wait_for(has_rounds, "the training does not begin")
    gates.open("training")


def find_argv(label: str, script: Path) -> list[str]:
    """How the client runs a script of FLARE's API."""
    if label == OURS:
        return [sys.executable, "-m", "fedrota.flare", str(script)]
    return [str(install(f"nvflare-{label}")), str(script)]


def run_hello(system: System, label: str) -> str:
    """What the example prints with this client."""
    job = shutil.copytree(system.folder / "hello-numpy", system.folder / f"hello-{label}" / "hello-numpy")
    script = system.repository / "examples/flare/hello.py"
    return system.run([*find_argv(label, script), str(system.kit(USER, f"hello-{label}")), USER, str(job)])


def run_client(system: System, gates: Gates, trained: str, label: str) -> dict[str, Any]:
    """The answers that one client wrote down."""
    jobs, out = system.folder / f"jobs-{label}", system.folder / f"{label}.json"
    for name in ("job", "bad", "large", "one-site"):  # FLARE's clients sign what they send
        shutil.copytree(system.folder / name, jobs / name)
    with ThreadPoolExecutor(1) as pool, ExitStack() as failing:
        failing.callback(gates.all_wait.abort)  # or the other clients would wait for this one
        with gates.working:
            long = start_long(system)
            words = [str(system.kit(USER, label)), USER, str(jobs / "job"), long, trained, str(gates.folder), label]
            argv = [*find_argv(label, HERE / "all_calls.py"), *words, str(out)]
            running = pool.submit(system.run, argv, is_ours=label == OURS)
            waits = gates.folder / f"waits-{label}"
            wait_for(lambda: running.done() or waits.exists(), f"{label} is stuck", RUN_S)
            assert waits.exists(), running.result()
        gates.all_wait.wait(RUN_S)
        take_turn(system, gates, label, running)
        failing.pop_all()
    return {**json.loads(out.read_text()), "long": long}


def start_long(system: System) -> str:
    """A job that runs, everywhere, until it is stopped; its id."""
    with Client(system.url, system.token) as client:
        job = client.submit(LONG).id
        wait_for(lambda: count_running(client, job) == len(LONG["parties"]["client"]) + 1, "the long job waits")
    return job


def take_turn(system: System, gates: Gates, label: str, running: Any) -> None:
    """Let one client at a time restart a site; ours is the last, and ends the system."""
    if label == OURS:
        for _ in LABELS[:-1]:
            assert gates.left.acquire(timeout=RUN_S), "a client before ours does not end"
    with gates.turn:
        site = min(DISTURBED, key=lambda one: gates.restarts[one])
        for each in DISTURBED if label == OURS else [site]:
            wait_for(lambda each=each: is_back(system, each, gates.restarts[each]), f"{each} does not come back")  # type: ignore[misc]
        gates.open(f"turn-{label}", site)
        try:
            running.result()
        finally:
            gates.restarts[site] += 1
            gates.left.release()


def is_back(system: System, site: str, restarts: int) -> bool:
    """Whether the site's worker was restarted so often and is ready again."""
    process = system.process(f"worker.{site}")
    return bool(process) and process["restarts"] >= restarts and process["state"] == "ready"


def count_running(client: Client, job: str) -> int:
    """How many tasks of the job run."""
    return sum(task.state == "running" for step in client.job(job).steps for task in step.tasks)


@contextmanager
def serve(repository: Path, folder: Path, ports: tuple[int, int]) -> Iterator[str]:
    """`fedrota up` with both doors for FLARE's clients; the gateway's URL."""
    state = folder / "state"
    argv = [sys.executable, "-m", "fedrota", "up", "--state", str(state), "--port", "0", "--no-flower"]
    argv += ["--slots", "32", "--flare-listener", str(ports[0]), "--flare-bridge", str(ports[1])]
    argv += ["--flare-python", str(install("nvflare-2.9.0"))]
    argv += [word for party in PARTIES for word in ("--party", party)]
    with (folder / "up.out").open("wb") as out:
        up = subprocess.Popen(argv, cwd=repository, env={**os.environ, **SETTINGS}, stdout=out, stderr=out)
    try:
        record = state / "up.json"

        def is_ready() -> bool:
            assert up.poll() is None, (folder / "up.out").read_text()
            return read(record).get("phase") == "ready"

        wait_for(is_ready, "the system is not ready")
        yield str(read(record)["url"])
    finally:
        up.terminate()
        up.wait(60)


def read(path: Path) -> Mapping[str, Any]:
    """A JSON file, empty where there is none yet."""
    try:
        found: Mapping[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def wait_for(is_there: Any, complaint: str, within_s: float = READY_S) -> None:
    """Ask until it is; AssertionError after `within_s`."""
    give_up = time.monotonic() + within_s
    while not is_there():
        assert time.monotonic() < give_up, complaint
        time.sleep(LOOK_S)
