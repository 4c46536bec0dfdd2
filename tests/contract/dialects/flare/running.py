"""The whole system with FLARE's published clients and our drop-in session: each makes every call once."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fedrota import Client
from fedrota.flare import JobNotFound, JobNotRunning, new_secure_session
from tests.clients.install import install

HERE = Path(__file__).parent
READY_S = 90.0
RUN_S = 200.0
USER = "lead@hq.org"
OURS = "drop-in"
REAL = ("2.5.2", "2.9.0")
"""These also run a real numpy job to its end; one takes about half a minute."""
PARTIES = ("server", "site-1", "site-2", "site-3")
TRAINED = {"app": ["server", "site-1", "site-2"]}
ROUNDS = 100_000
LISTENER = ("2.5.2", "2.6.2")
BRIDGE = ("2.8.1", "2.9.0")
LABELS = (*LISTENER, *BRIDGE, OURS)
PROJECT = """
name: demo
participants:
  - {{name: server, type: server, org: hq, fed_learn_port: {bridge}, admin_port: {listener}, connect_to: 127.0.0.1}}
  - {{name: site-1, type: client, org: hq}}
  - {{name: site-2, type: client, org: hq}}
  - {{name: site-3, type: client, org: hq}}
  - {{name: lead@hq.org, type: admin, org: hq, role: project_admin}}
"""
LONG = {
    "name": "long",
    "parties": {"server": ["server"], "client": ["site-1", "site-2", "site-3"]},
    "steps": [{"name": "run", "command": ["sh", "-c", "echo round 1; echo round 2; exec sleep 120"]}],
}


def run_all(repository: Path, folder: Path, ports: tuple[int, int]) -> dict[str, Any]:
    """What each client was answered; `ports` are those of the listener and the bridge."""
    listener, bridge = ports
    make_jobs(repository, folder)
    pythons = {label: install(f"nvflare-{label}") for label in LABELS if label != OURS}
    with serve(repository, folder, listener) as url:
        (folder / "project.yml").write_text(PROJECT.format(listener=listener, bridge=bridge))
        provision(repository, folder)
        trained = start_training(folder)
        with start_bridge(repository, folder, url, bridge):
            return {label: run_client(repository, folder, url, trained, label, pythons.get(label)) for label in LABELS}


def make_jobs(repository: Path, folder: Path) -> None:
    """Job folders: one of a moment, one that is wrong, FLARE's own example, and that with rounds without end."""
    config = folder / "job" / "app" / "config"
    config.mkdir(parents=True)
    steps = {"steps": [{"name": "run", "command": ["echo", "done"]}]}
    (config / "config_fedrota.json").write_text(json.dumps(steps))
    meta = {"name": "job", "deploy_map": {"app": ["@ALL"]}, "min_clients": 2, "resource_spec": {}}
    (folder / "job" / "meta.json").write_text(json.dumps(meta))
    shutil.copytree(folder / "job", folder / "bad")
    (folder / "bad" / "meta.json").write_text(json.dumps({**meta, "deploy_map": {}}))
    for name, rounds in (("hello", 3), ("endless", ROUNDS)):
        shutil.copytree(repository / "tests/e2e/flare_jobs/hello-numpy", folder / name)
        change(folder / name / "meta.json", lambda given: given.update(name=name, deploy_map=TRAINED))  # noqa: B023
        server = folder / name / "app/config/config_fed_server.json"
        change(server, lambda given: given["workflows"][0]["args"].update(num_rounds=rounds))  # noqa: B023


def change(path: Path, how: Any) -> None:
    """Change a JSON file."""
    given = json.loads(path.read_text())
    how(given)
    path.write_text(json.dumps(given))


def start_training(folder: Path) -> str:
    """A job of FLARE's own engine that trains for as long as the system runs; its id."""
    with new_secure_session(USER, str(folder / "kits" / USER)) as session:
        job = session.submit_job(str(folder / "endless"))

        def has_rounds() -> bool:
            try:
                found = session.show_stats(job, "server")
            except (JobNotRunning, JobNotFound):
                assert not session.get_job_meta(job)["status"].startswith("FINISHED"), session.get_job_meta(job)
                return False
            return "current_round" in str(found)

        wait_for(has_rounds, "the training does not begin")
    return job


def run_client(repository: Path, folder: Path, url: str, trained: str, label: str, python: Path | None) -> Any:
    """The answers that one client wrote down, with nothing of ours on its path; without `python`, ours."""
    token = (folder / "state" / "token").read_text().strip()
    out = folder / f"{label}.json"
    kit = folder / f"kit-{label}"
    shutil.copytree(folder / "kits" / USER, kit)
    restarts = count_restarts(folder)
    with Client(url, token) as client:
        long = client.submit(LONG).id
        wait_for(lambda: count_running(client, long) == len(PARTIES), "the long job does not run")
    script = str(HERE / "all_calls.py")
    argv = [str(python), script] if python else [sys.executable, "-m", "fedrota.flare", script]
    real = str(folder / "hello") if label in REAL else ""
    is_last = label == LABELS[-1]
    words = [str(kit), USER, str(folder / "job"), long, trained, real, "last" if is_last else "", str(out)]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [*argv, *words], cwd=folder if python else repository, env=kept, capture_output=True, text=True, check=False,
        timeout=RUN_S,
    )  # fmt: skip
    assert done.returncode == 0, f"{label}:\n{done.stdout}{done.stderr}"
    if not is_last:
        wait_for(lambda: count_restarts(folder) > restarts, f"site-3 does not come back after {label}")
    return {"calls": json.loads(out.read_text()), "long": long, "trained": trained}


def count_running(client: Client, job: str) -> int:
    """How many tasks of the job run."""
    return sum(task.state == "running" for step in client.job(job).steps for task in step.tasks)


def count_restarts(folder: Path) -> int:
    """How often the worker of site-3 was started again; -1 while it is not ready."""
    found = [one for one in read(folder / "state" / "up.json")["processes"] if one["name"] == "worker.site-3"]
    return found[0]["restarts"] if found and found[0]["state"] == "ready" else -1


@contextmanager
def serve(repository: Path, folder: Path, listener: int) -> Iterator[str]:
    """`fedrota up` with the listener; the gateway's URL."""
    state = folder / "state"
    argv = [sys.executable, "-m", "fedrota", "up", "--state", str(state), "--port", "0", "--no-flower"]
    argv += [word for party in PARTIES for word in ("--party", party)]
    with (folder / "up.out").open("wb") as out:
        engines = json.dumps({"flare": str(install("nvflare-2.9.0"))})
        environment = {**os.environ, "FEDROTA_FLARE_PORT": str(listener), "FEDROTA_ENGINES": engines}
        up = subprocess.Popen(argv, cwd=repository, env=environment, stdout=out, stderr=out)
    try:
        record = state / "up.json"
        wait_for(lambda: up.poll() is None and read(record).get("phase") == "ready", "the system is not ready")
        yield str(read(record)["url"])
    finally:
        up.terminate()
        up.wait(60)


def provision(repository: Path, folder: Path) -> None:
    """Kits for the users of the project file."""
    argv = [sys.executable, "-m", "fedrota", "provision", str(folder / "project.yml"), "--out", str(folder / "kits")]
    environment = {**os.environ, "FEDROTA_STATE_DIR": str(folder / "state")}
    done = subprocess.run(
        argv, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def start_bridge(repository: Path, folder: Path, url: str, port: int) -> Iterator[None]:
    """The bridge for newer clients."""
    argv = [str(install("flare-bridge")), "-m", "fedrota.bridge", "--port", str(port), "--url", url]
    environment = {**os.environ, "FEDROTA_STATE_DIR": str(folder / "state")}
    log = folder / "bridge.out"
    with log.open("wb") as out:
        bridge = subprocess.Popen(argv, cwd=repository, env=environment, stdout=out, stderr=out)
    try:
        wait_for(lambda: bridge.poll() is None and "ready" in log.read_text(), "the bridge is not ready")
        yield
    finally:
        bridge.terminate()
        bridge.wait(20)


def read(path: Path) -> Mapping[str, Any]:
    """A JSON file, empty where there is none yet."""
    try:
        found: Mapping[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def wait_for(is_there: Any, complaint: str) -> None:
    """Ask until it is; AssertionError after READY_S."""
    give_up = time.monotonic() + READY_S
    while not is_there():
        assert time.monotonic() < give_up, complaint
        time.sleep(0.05)
