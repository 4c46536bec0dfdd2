"""Steps that misbehave, workers that are not there or not who they say, reruns and restarts, on the real system."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fedrota.client import Client
from fedrota.model import Job
from tests.conftest import ROOT
from tests.faults.ledger import Audit
from tests.faults.system import System, read_environ
from tests.workers.fakes import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DISK_BYTES = 8 << 20
LOG_BYTES = 64 << 20
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(1); os.close(2)
        time.sleep(300)
    os._exit(0)
os.wait()
"""
FLOOD = "import sys\nline = 'x' * 1023\nfor _ in range(100 * 1024): print(line)\nprint('the end', file=sys.stderr)"
MANY_POINTS = """
import json, os
with open(os.environ["FEDROTA_METRICS"], "a") as file:
    for number in range(20_000):
        file.write(json.dumps({"name": "n", "step": number, "value": number}) + "\\n")
"""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, valkey_binary: Path) -> Iterator[System]:
    settings = {"FEDROTA_TASK_DISK_BYTES": str(DISK_BYTES)}
    found = System(
        tmp_path_factory.mktemp("bad"), valkey_binary, parties=("a", "b"), settings=settings, with_proxies=False
    )
    found.start()
    yield found
    found.end()


@pytest.fixture
def client(system: System) -> Iterator[Client]:
    with system.client() as found:
        yield found


def submit(client: Client, *steps: dict, parties: tuple[str, ...] = ("a",)) -> str:
    roles = {"guest": [parties[0]], **({"host": list(parties[1:])} if parties[1:] else {})}
    return client.submit({"name": "bad", "parties": roles, "steps": list(steps)}).id


def run(system: System, client: Client, *steps: dict, parties: tuple[str, ...] = ("a",)) -> Job:
    """The job as it ended."""
    job = submit(client, *steps, parties=parties)
    system.wait(lambda: client.job(job).is_over, f"{job} has ended")
    return client.job(job)


def command(program: str, **given: object) -> dict:
    return {"name": "s", "command": [sys.executable, "-I", "-c", program], "retry": {"attempts": 1}, **given}


def broken(how: str, **given: object) -> dict:
    return {"name": "s", "component": "broken", "params": {"how": how}, "retry": {"attempts": 1}, **given}


def first_task(client: Client, job: Job):
    return client.task(job.steps[0].tasks[0].id)


def has_worked(system: System, client: Client) -> bool:
    """A good step runs at once at the same worker, which is still the same process."""
    return run(system, client, {"name": "good", "component": "noop"}).state == "success"


# --- steps that misbehave ---


@pytest.mark.parametrize(
    ("step", "state", "kind", "words"),
    [
        (broken("exit"), "failed", "exit", "exit status 7"),
        (broken("crash"), "failed", "lost", "SIGSEGV"),
        (broken("hang", timeout_s=1), "timeout", "timeout", "did not end within its 1 s"),
        (broken("fill"), "failed", "limit", ""),
        (command("raise SystemExit(3)"), "failed", "exit", "exit status 3"),
        (command("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"), "failed", "lost", "SIGSEGV"),
        (command("import time; time.sleep(300)", timeout_s=1), "timeout", "timeout", "did not end within its 1 s"),
        (command("open('full', 'wb').write(bytes(64 << 20))"), "failed", "exit", "exit status 1"),
        ({"name": "s", "command": ["/no/such/program"]}, "failed", "invalid", "/no/such/program"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.get("params", {}).get("how", "") or "command",
)
def test_a_step_that_ends_badly_says_how(system, client, step, state, kind, words):
    worker = system.parts["worker.a"].pid
    job = run(system, client, step)
    task = first_task(client, job)
    assert (job.state, task.state) == (state, state)
    assert task.failure.kind == kind, task.failure
    assert words in task.failure.message
    assert words in job.reason
    assert has_worked(system, client)
    assert system.parts["worker.a"].pid == worker


def test_a_full_disk_is_named_in_the_detail_of_a_command(system, client):
    job = run(system, client, command("open('full', 'wb').write(bytes(64 << 20))"))
    assert "File too large" in first_task(client, job).failure.detail


def test_a_crash_is_tried_again_where_wished(system, client):
    job = run(system, client, broken("crash") | {"retry": {"attempts": 3, "backoff_s": 0.1, "on": ["lost"]}})
    assert (job.state, job.steps[0].attempt) == ("failed", 3)
    assert len(list(client.attempts(job.id, "s"))) == 3


def test_a_daemon_does_not_outlive_its_step(system, client):
    job = run(system, client, command(DAEMON))
    assert job.state == "success", job.reason
    mine = [pid for pid in system.processes() if job.id.encode() in read_environ(pid)]
    system.wait(lambda: not any(map(psutil.pid_exists, mine)), "the daemon is gone")


def test_a_flood_of_output_is_cut_off_and_harms_nobody(system, client):
    before = psutil.Process(system.parts["worker.a"].pid).memory_info().rss
    job = run(system, client, command(FLOOD))
    assert job.state == "success", job.reason
    task = first_task(client, job)
    log = system.site("a") / "logs" / task.id / f"{task.seq}.log"
    assert LOG_BYTES <= log.stat().st_size <= LOG_BYTES + 4096
    assert task.log_size == log.stat().st_size
    assert psutil.Process(system.parts["worker.a"].pid).memory_info().rss < before + (50 << 20)
    assert has_worked(system, client)


def test_many_points_at_once_are_all_kept(system, client):
    job = run(system, client, command(MANY_POINTS))
    assert job.state == "success", job.reason
    found = Audit(system).rows("SELECT COUNT(*), COUNT(DISTINCT x), MAX(x) FROM metric WHERE job_id = :job", job=job.id)
    assert tuple(found[0]) == (20_000, 20_000, 19_999)


# --- workers that are not there, or not who they say ---


def test_a_job_waits_in_words_for_a_worker_that_is_down(system, client):
    worker = system.parts["worker.b"]
    worker.is_wanted = False
    worker.signal(signal.SIGTERM)
    worker.popen.wait(60)
    system.wait(lambda: not client.party("b").online, "party b is offline")
    job = submit(client, {"name": "s", "component": "noop"}, parties=("a", "b"))
    system.wait(lambda: "start its worker" in client.job(job).reason, "the job says why it waits")
    assert "party b is offline since" in client.job(job).steps[0].reason
    worker.is_wanted = True
    system.wait(lambda: client.job(job).is_over, "it runs when the worker comes")
    assert client.job(job).state == "success"


def test_a_party_that_never_connected_is_named(system, client):
    client.create_party("newcomer", slots=2)
    job = submit(client, {"name": "s", "command": ["true"]}, parties=("newcomer",))
    system.wait(lambda: "party newcomer has never connected: start its worker" in client.job(job).reason, "it says so")
    client.stop(job)
    system.wait(lambda: client.job(job).state == "canceled", "it is canceled")


def start_worker(system: System, *, party: str, token: str, name: str) -> "subprocess.Popen[bytes]":
    """A worker beside the others, with a state folder of its own."""
    env = dict(system.parts["worker.a"].env) | {
        "FEDROTA_PARTY": party, "FEDROTA_TOKEN": token, "FEDROTA_STATE_DIR": str(system.folder / name),
    }  # fmt: skip
    env.pop("FEDROTA_TOKEN_FILE")
    with (system.folder / f"{name}.out").open("wb") as out:
        leash = [sys.executable, "-I", "-S", str(ROOT / "fedrota/up/leash.py"), str(os.getpid())]
        return subprocess.Popen([*leash, sys.executable, "-m", "workers"], cwd=ROOT, env=env, stdout=out, stderr=out)


@pytest.mark.parametrize("kind", ["wrong", "expired", "foreign", "user"])
def test_a_worker_with_a_bad_token_gets_nothing(system, client, kind):
    """Its log says what is wrong, it claims no task, and the party's own worker is not disturbed."""
    if kind == "expired":
        token = client.create_token("short", party="b", expires_s=1).secret
        time.sleep(1.2)
    else:
        token = {
            "wrong": "fdr_nothing_of_the_kind",
            "foreign": (system.state / "parties/a.token").read_text().strip(),
            "user": (system.state / "token").read_text().strip(),
        }[kind]
    parties = "SELECT id, agent, identity, slots FROM party ORDER BY id"
    before = Audit(system).rows(parties)
    name = f"intruder-{kind}"
    intruder = start_worker(system, party="b", token=token, name=name)
    out = system.folder / f"{name}.out"
    try:
        words = {"wrong": "401", "expired": "401", "user": "403", "foreign": "party a"}[kind]
        system.wait(lambda: words in out.read_text() or intruder.poll() is not None, "it says what is wrong")
        assert words in out.read_text()
        for _ in range(4):
            job = run(
                system, client, {"name": "s", "component": "noop", "params": {"sleep_s": 0.1}}, parties=("a", "b")
            )
            assert job.state == "success", job.reason
        assert Audit(system).rows(parties) == before
        assert not list((system.folder / name).glob("party-b/logs/*"))
    finally:
        intruder.kill()
        intruder.wait()


# --- reruns and restarts ---


def test_a_rerun_from_a_step_keeps_what_came_before(system, client):
    steps = [
        {"name": "one", "component": "counted", "params": {"points": 3}},
        {"name": "two", "component": "counted", "params": {"points": 3}, "inputs": {"made": "one.made"}},
        {"name": "three", "component": "counted", "params": {"points": 3}, "inputs": {"made": "two.made"}},
    ]
    job = run(system, client, *steps, parties=("a", "b"))
    assert job.state == "success", job.reason
    before = {output.task: output.sha256 for output in client.outputs(job.id)}
    client.rerun(job.id, from_step="two")
    system.wait(lambda: client.job(job.id).is_over, "the rerun has ended")
    again = client.job(job.id)
    assert again.state == "success", again.reason
    assert [step.attempt for step in again.steps] == [1, 2, 2]
    first = {task.id for task in again.steps[0].tasks}
    assert first == {task.id for task in job.steps[0].tasks}
    after = {output.task: output.sha256 for output in client.outputs(job.id)}
    assert {task: after[task] for task in first} == {task: before[task] for task in first}
    used = {summary.values["before"] for summary in client.summaries(job.id) if summary.step == "two"}
    assert f"{job.id}/one/1" in used


def test_open_jobs_go_on_after_everything_was_stopped(system, client, tmp_path):
    """Waiting, running, pausing and finished jobs: nothing is forgotten, and what was interrupted does not count as a failure."""
    done = run(system, client, {"name": "s", "component": "counted"}, parties=("a", "b"))
    gate = tmp_path / "gate"
    patient = {"name": "first", "command": wait_for(gate), "retry": {"attempts": 1, "on": ["interrupted"]}}
    running = submit(client, patient, {"name": "then", "component": "counted", "needs": ["first"]}, parties=("a", "b"))
    stubborn = submit(client, command("import time; time.sleep(1.5)", retry={"attempts": 1, "on": ["interrupted"]}))
    system.wait(lambda: {task.state for task in client.job(running).steps[0].tasks} == {"running"}, "it runs")
    statuses = system.stop()
    assert set(statuses.values()) == {0}, statuses
    assert system.processes() == []
    gate.touch()
    system.start_again()
    for job in (running, stubborn):
        system.wait(lambda job=job: client.job(job).is_over, "it goes on")
        assert client.job(job).state == "success", client.job(job).reason
    assert client.job(done.id).state == "success"


def test_what_is_left_after_all_this(system):
    """Runs last: nothing open, no process, no traceback in any log."""
    audit = Audit(system)
    assert audit.open_jobs() == []
    audit.check_disks()
    traces = list(system.tracebacks())
    assert not traces, "\n".join(f"{name}: {lines}" for name, lines in traces)
    assert set(system.stop().values()) == {0}
    assert system.processes() == []
