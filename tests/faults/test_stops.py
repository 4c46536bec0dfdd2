"""Stopping jobs in every state of the real system: nothing runs on, and what is called canceled never runs again."""

import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fedrota.client import Client
from fedrota.errors import ConflictError
from tests.faults.ledger import Audit
from tests.faults.system import System, children, read_environ

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", flush=True)
        time.sleep(300)
    os._exit(0)
time.sleep(300)
"""
TALK = {"name": "s", "component": "toy", "params": {"length": 1_000_000, "rounds": 1000}}
SLEEP = {"name": "s", "component": "noop", "params": {"sleep_s": 300}}
AGAIN = {"attempts": 50, "backoff_s": 1000, "cap_s": 1000, "on": ["error"]}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, valkey_binary: Path) -> Iterator[System]:
    found = System(tmp_path_factory.mktemp("stops"), valkey_binary, parties=("a", "b"), slots=6, with_proxies=False)
    found.start()
    yield found
    found.end()


@pytest.fixture
def client(system: System) -> Iterator[Client]:
    with system.client() as found:
        yield found


@dataclass
class Watch:
    """The states in which a job was seen since it was stopped."""

    client: Client
    job: str
    states: list[str] = field(default_factory=list)
    tasks: dict[str, list[str]] = field(default_factory=dict)

    def look(self) -> str:
        """One more look."""
        found = self.client.job(self.job)
        self.states.append(found.state)
        for step in found.steps:
            for task in step.tasks:
                self.tasks.setdefault(task.id, []).append(task.state)
        return found.state


def command(program: str) -> dict:
    return {"name": "s", "command": [sys.executable, "-I", "-c", program]}


def submit(client: Client, *steps: dict, parties: tuple[str, ...] = ("a", "b")) -> str:
    roles = {"guest": [parties[0]], **({"host": list(parties[1:])} if parties[1:] else {})}
    return client.submit({"name": "to-be-stopped", "parties": roles, "steps": list(steps)}).id


def step_state(client: Client, job: str, number: int = 0) -> str:
    return client.job(job).steps[number].state


def all_running(client: Client, job: str) -> bool:
    return {task.state for task in client.job(job).steps[0].tasks} == {"running"}


def has_said(client: Client, job: str, word: str) -> bool:
    """Every task of the first step has printed the word."""
    return all(word in "".join(client.logs(task.id)) for task in client.job(job).steps[0].tasks)


def marked(system: System, job: str) -> list[int]:
    """Processes that work for the job, by their environment."""
    return [pid for pid in system.processes() if job.encode() in read_environ(pid)]


def stop_and_watch(system: System, client: Client, jobs: list[str], *, wanted: str = "canceled") -> None:
    """Stop the jobs; none of their tasks is seen running after its end, and no process is left."""
    watches = [Watch(client, job) for job in jobs]
    for job in jobs:
        client.stop(job, reason="the test says so")
    system.wait(lambda: {watch.look() for watch in watches} == {wanted}, f"{jobs} are {wanted}")
    ended = time.monotonic()
    while time.monotonic() < ended + 1.0:
        for watch in watches:
            watch.look()
        time.sleep(0.1)
    for watch in watches:
        assert set(watch.states[watch.states.index(wanted) :]) == {wanted}
        for task, states in watch.tasks.items():
            end = next(number for number, state in enumerate(states) if state in {"canceled", "success", "failed"})
            assert len(set(states[end:])) == 1, f"{task} went on after its end: {states}"
    system.wait(lambda: not any(marked(system, job) for job in jobs), "no process is left")


def test_waiting_and_ready(system, client):
    """A step behind a running one, and a step for which no party has a slot."""
    waiting = [submit(client, SLEEP, {"name": "t", "component": "noop", "needs": ["s"]}) for _ in range(2)]
    system.wait(lambda: all(all_running(client, job) for job in waiting), "the first steps run")
    assert {step_state(client, job, 1) for job in waiting} == {"waiting"}
    full = submit(client, SLEEP | {"slots": 6, "gang": True})
    system.wait(
        lambda: step_state(client, full) == "ready" and "slots" in client.job(full).steps[0].reason, "it says why"
    )
    stop_and_watch(system, client, [full, *waiting])


@pytest.mark.parametrize("signal_name", ["SIGSTOP", "SIGTERM"])
def test_dispatched_while_the_worker_cannot_hear(system, client, signal_name):
    """The knock waits; the stop needs no word of the worker, and a late claim is refused."""
    worker = system.parts["worker.b"]
    if signal_name == "SIGSTOP":
        worker.signal(signal.SIGSTOP)
    else:
        worker.is_wanted = False
        worker.signal(signal.SIGTERM)
        worker.popen.wait(60)
    jobs = [submit(client, SLEEP, parties=("b",)) for _ in range(2)]
    system.wait(lambda: {step_state(client, job) for job in jobs} <= {"dispatched", "ready"}, "both are on their way")
    for job in jobs:
        client.stop(job)
    system.wait(lambda: {client.job(job).state for job in jobs} == {"canceled"}, "both are canceled")
    worker.is_wanted = True
    worker.signal(signal.SIGCONT)
    system.wait(system.is_ready, "the worker is back")
    time.sleep(1)
    assert not any(marked(system, job) for job in jobs)
    events = Audit(system).rows("SELECT event, job_id FROM event WHERE event = 'claimed'")
    assert not [row for row in events if row[1] in jobs and row[0] == "claimed"]


def test_running_no_ops(system, client):
    jobs = [submit(client, SLEEP) for _ in range(4)]
    system.wait(lambda: all(all_running(client, job) for job in jobs), "all run")
    stop_and_watch(system, client, jobs)


def test_running_commands_that_ignore_sigterm(system, client):
    jobs = [submit(client, command(DEAF)) for _ in range(3)]
    system.wait(lambda: all(has_said(client, job, "deaf") for job in jobs), "all are deaf")
    stop_and_watch(system, client, jobs)


def test_running_commands_with_daemons(system, client):
    jobs = [submit(client, command(DAEMON)) for _ in range(3)]
    system.wait(lambda: all(has_said(client, job, "daemon") for job in jobs), "all daemons run")
    assert all(len(marked(system, job)) >= 4 for job in jobs), "at two parties, a command and its daemon each"
    stop_and_watch(system, client, jobs)


def test_during_an_exchange(system, client):
    jobs = [submit(client, TALK) for _ in range(3)]
    system.wait(lambda: all(all_running(client, job) for job in jobs), "all talk")
    time.sleep(1)
    stop_and_watch(system, client, jobs)


def test_during_the_pause_before_a_retry(system, client):
    failing = {"name": "s", "component": "noop", "params": {"fail": "not yet"}, "retry": AGAIN}
    jobs = [submit(client, failing) for _ in range(3)]
    system.wait(lambda: all(client.job(job).steps[0].attempt == 2 for job in jobs), "the second attempt is due")
    assert {step_state(client, job) for job in jobs} == {"waiting"}
    stop_and_watch(system, client, jobs)


def test_running_while_the_worker_is_frozen(system, client):
    """It cannot confirm: the lease decides, and when it wakes it ends what nobody wants."""
    job = submit(client, command(DEAF))
    system.wait(lambda: has_said(client, job, "deaf"), "it runs")
    system.parts["worker.a"].signal(signal.SIGSTOP)
    client.stop(job)
    system.wait(lambda: client.job(job).state == "canceled", "it is canceled when its lease is over")
    system.parts["worker.a"].signal(signal.SIGCONT)
    system.wait(lambda: not marked(system, job), "no process is left")
    assert client.job(job).state == "canceled"


@pytest.mark.parametrize("seed", [1, 2])
def test_at_any_moment(system, client, seed):
    """Stops that meet the dispatch, the claim, the start, the report: each job ends, as canceled or as what it was."""
    draw = random.Random(seed)
    jobs = []
    for number in range(15):
        step = command("import time; time.sleep(0.3)") if number % 2 else {"name": "s", "component": "noop"}
        job = submit(client, step)
        time.sleep(draw.uniform(0, 0.25))
        with suppress(ConflictError):
            client.stop(job)
        jobs.append(job)
    system.wait(lambda: all(client.job(job).is_over for job in jobs), "all have ended")
    assert {client.job(job).state for job in jobs} <= {"canceled", "success"}
    system.wait(lambda: not any(marked(system, job) for job in jobs), "no process is left")
    Audit(system).check_events()


def test_what_is_left_after_all_stops(system):
    """Runs last: an idle worker has its zygote and warm processes, and no log has a traceback."""
    assert Audit(system).rows("SELECT id FROM task WHERE state IN ('dispatched', 'running', 'lost_contact')") == []
    for party in system.parties:
        for pid in system.task_processes(party):
            assert children(pid) == []
    assert [name for name, _ in system.tracebacks()] == []
    assert set(system.stop().values()) == {0}
    assert system.processes() == []
