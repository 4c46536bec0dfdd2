"""`fedrota up` over the real servers: it runs jobs, survives kills and restarts, and leaves nothing behind.

A start costs seconds, so each test asks several things of one system.
"""

import json
import os
import re
import signal
import time
from contextlib import suppress

import httpx
import psutil
import pytest

from tests.workers.fakes import is_alive, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PARTIES = ("--party", "9999:guest", "--party", "10000:host")
TWO = (*PARTIES, "--no-flower")
TOY = {
    "name": "toy",
    "parties": {"guest": ["9999"], "host": ["10000"]},
    "steps": [{"name": "sum", "component": "toy", "params": {"length": 100, "rounds": 3}}],
}


def alive(pids):
    return [pid for pid in pids if is_alive(pid)]


def wait_until_gone(pids):
    deadline = time.monotonic() + 60
    while alive(pids):
        assert time.monotonic() < deadline, [process for process in psutil.process_iter() if process.pid in pids]
        time.sleep(0.05)


def descendants(pid):
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def start_patient(system, gate):
    """A job that runs at both parties by now, until there is a file `gate`."""
    with system.client() as client:
        job = client.submit(TOY | {"steps": [{"name": "wait", "command": wait_for(gate)}]}).id
        system.wait(lambda: {task.state for task in client.job(job).steps[0].tasks} == {"running"})
    return job


def expect_success(system, job):
    with system.client() as client:
        ended = client.wait(job, timeout_s=100)
    assert ended.state == "success", f"{ended.reason}\n{system.output()[-4000:]}"


def run_toy(system):
    with system.client() as client:
        job = client.submit(TOY).id
    expect_success(system, job)


def check_secrets(system):
    """Readable by their owner only, and in no argument of a process."""
    secrets = [
        path for path in system.state.rglob("*") if path.name in {"token", "password"} or path.suffix == ".token"
    ]
    assert len(secrets) == 4
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    spoken = [path.read_text().strip() for path in secrets]
    for pid in descendants(system.process.pid):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            words = " ".join(psutil.Process(pid).cmdline())
            assert not any(secret in words for secret in spoken)


def check_processes(system):
    """Those that `ps` shows; all that are there."""
    listed = json.loads(system.run("ps", "--json").stdout)
    states = {row["process"]: row["state"] for row in listed["processes"]}
    names = ("up", "broker", "gateway", "scheduler", "worker.9999", "worker.10000")
    assert states == dict.fromkeys(names, "ready")
    check_secrets(system)
    everything = descendants(system.process.pid)
    assert len(everything) >= 5
    return everything


def test_everything_stops_in_order_and_jobs_go_on_after_that_and_after_a_kill_of_up_itself(system, tmp_path):
    system.start(*TWO)
    run_toy(system)
    everything = check_processes(system)
    first, second = tmp_path / "first", tmp_path / "second"
    stopped_over = start_patient(system, first)
    assert system.stop() == 0, system.output()[-4000:]
    assert alive(everything) == []
    assert system.run("ps").returncode == 1
    first.touch()
    system.start()
    expect_success(system, stopped_over)

    killed_over = start_patient(system, second)
    everything = descendants(system.process.pid)
    system.process.kill()
    system.process.wait()
    wait_until_gone(everything)
    second.touch()
    system.start()
    expect_success(system, killed_over)


def test_on_postgres_with_a_broker_of_its_own(system, postgres_url, own_valkey):
    url = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    system.start(*TWO, environment={"FEDROTA_DATABASE_URL": url, "FEDROTA_BROKER_URL": own_valkey})
    assert "broker" not in system.pids()
    assert not (system.state / "fedrota.db").exists()
    run_toy(system)


def kill_each(system):
    """Each comes back, and jobs run again."""
    for name in ("gateway.1", "scheduler", "worker.10000", "broker"):
        killed = system.pids()[name]
        os.kill(killed, signal.SIGKILL)
        system.wait(lambda name=name, killed=killed: system.pids()[name] not in {0, killed})
        system.wait(lambda: all(each["state"] == "ready" for each in system.record()["processes"]))
        run_toy(system)
    assert sum(each["restarts"] for each in system.record()["processes"]) == 4


def test_detached_with_flower_to_look_at_only_and_each_killed_process_comes_back(system):
    words = ("--state", str(system.state), "--port", "0", *PARTIES, "--gateways", "2", "--detach")
    started = system.run("up", *words)
    assert started.returncode == 0, started.stderr
    assert "fedrota is ready" in started.stdout
    pid, url = system.record()["pid"], system.record()["flower_url"]
    assert alive([pid])
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as flower:
        assert flower.get("/healthcheck").status_code == 200
        queues = {"scheduler", "party.9999", "party.10000"}
        system.wait(lambda: queues <= set(re.findall(r'<tr id="(.+?)"', flower.get("/broker").text)))
        assert flower.post("/api/worker/shutdown/any").status_code in {401, 403, 405}
    kill_each(system)
    assert alive([pid])
    assert system.run("down").stdout.strip() == "stopped"
    assert not alive([pid])
