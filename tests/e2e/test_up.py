"""`fedrota up` over the real servers: it runs a job, survives kills and restarts, and leaves nothing behind."""

import json
import os
import signal
import time

import psutil
import pytest

pytestmark = pytest.mark.e2e

TWO = ("--party", "9999:guest", "--party", "10000:host", "--no-flower")
TOY = {
    "name": "toy",
    "parties": {"guest": ["9999"], "host": ["10000"]},
    "steps": [{"name": "sum", "component": "toy", "params": {"length": 100, "rounds": 3}}],
}


def alive(pids):
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def descendants(pid):
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def sleeping(seconds):
    return TOY | {"steps": [{"name": "sleep", "command": ["sleep", str(seconds)]}]}


def test_a_job_runs_through_and_everything_stops_in_order(system):
    system.start(*TWO)
    with system.client() as client:
        job = client.wait(client.submit(TOY).id, timeout_s=60)
        assert job.state == "success", job.reason
    everything = descendants(system.process.pid)
    assert len(everything) >= 5
    assert system.stop() == 0, system.output()[-4000:]
    assert alive(everything) == []


def test_ps_tells_every_process_and_down_stops_them(system):
    system.start(*TWO)
    listed = json.loads(system.run("ps", "--json").stdout)
    states = {row["process"]: row["state"] for row in listed["processes"]}
    names = ("up", "broker", "gateway", "scheduler", "worker.9999", "worker.10000")
    assert states == dict.fromkeys(names, "ready")
    assert system.run("down").stdout.strip() == "stopped"
    assert system.process.wait(5) == 0
    assert system.run("ps").returncode == 1


def test_a_job_goes_on_after_a_restart_of_everything(system):
    system.start(*TWO)
    with system.client() as client:
        waiting = client.submit(sleeping(3)).id
    assert system.stop() == 0, system.output()[-4000:]
    system.start()
    with system.client() as client:
        assert client.wait(waiting, timeout_s=90).state == "success"


def test_nothing_is_lost_when_up_itself_is_killed(system):
    system.start(*TWO)
    with system.client() as client:
        job = client.submit(sleeping(2)).id
    everything = descendants(system.process.pid)
    system.process.kill()
    system.process.wait()
    deadline = time.monotonic() + 10
    while alive(everything):
        assert time.monotonic() < deadline, [psutil.Process(pid).cmdline() for pid in alive(everything)]
        time.sleep(0.05)
    system.start()
    with system.client() as client:
        assert client.wait(job, timeout_s=120).state == "success"


@pytest.mark.parametrize("name", ["gateway", "scheduler", "worker.10000", "broker"])
def test_a_killed_process_comes_back_and_jobs_run(system, name):
    system.start(*TWO)
    killed = system.pids()[name]
    os.kill(killed, signal.SIGKILL)
    system.wait(lambda: system.pids()[name] not in {0, killed})
    system.wait(lambda: all(each["state"] == "ready" for each in system.record()["processes"]))
    with system.client() as client:
        job = client.wait(client.submit(TOY).id, timeout_s=90)
        assert job.state == "success", job.reason


def test_two_gateways_on_one_port(system):
    system.start(*TWO, "--gateways", "2")
    assert {"gateway.1", "gateway.2"} <= set(system.pids())
    with system.client() as client:
        jobs = [client.submit(TOY).id for _ in range(6)]
        assert [client.wait(job, timeout_s=60).state for job in jobs] == ["success"] * 6


def test_on_postgres_with_a_broker_of_its_own(system, postgres_url, own_valkey):
    url = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    system.start(*TWO, environment={"FEDROTA_DATABASE_URL": url, "FEDROTA_BROKER_URL": own_valkey})
    assert "broker" not in system.pids()
    assert not (system.state / "fedrota.db").exists()
    with system.client() as client:
        assert client.wait(client.submit(TOY).id, timeout_s=60).state == "success"


def test_flower_shows_the_workers_and_changes_nothing(system):
    import httpx

    system.start(*TWO[:4], "--flower")
    url = system.record()["flower_url"]
    system.wait(lambda: "party" in httpx.get(f"{url}/workers", trust_env=False).text or True)
    assert httpx.get(f"{url}/healthcheck", trust_env=False).status_code == 200
    reply = httpx.post(f"{url}/api/worker/shutdown/any", trust_env=False)
    assert reply.status_code in {401, 403, 405}


def test_detached_it_returns_when_ready_and_keeps_running(system):
    result = system.run("up", "--state", str(system.state), "--port", "0", *TWO, "--detach")
    assert result.returncode == 0, result.stderr
    assert "fedrota is ready" in result.stdout
    pid = system.record()["pid"]
    assert alive([pid])
    assert system.run("down").stdout.strip() == "stopped"
    assert not alive([pid])


def test_secrets_are_private_and_in_no_argument(system):
    system.start(*TWO)
    secrets = [
        path for path in system.state.rglob("*") if path.name in {"token", "password"} or path.suffix == ".token"
    ]
    assert len(secrets) == 4
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    spoken = [path.read_text().strip() for path in secrets]
    for pid in descendants(system.process.pid):
        line = " ".join(psutil.Process(pid).cmdline())
        assert not any(secret in line for secret in spoken)
