"""The real system under faults: no accepted job is lost, none is done twice for anybody to see, nothing is left behind.

FEDROTA_FAULTS_EACH (faults of each kind), FEDROTA_FAULTS_JOBS and FEDROTA_FAULTS_SEED make longer or other runs.
"""

import os
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.chaos import Chaos
from tests.faults.ledger import Audit, Count
from tests.faults.system import System, read_words
from tests.faults.work import Mix, Submitter

EACH = int(os.environ.get("FEDROTA_FAULTS_EACH", "3"))
JOBS = int(os.environ.get("FEDROTA_FAULTS_JOBS", "0")) or 22 * EACH
SEED = int(os.environ.get("FEDROTA_FAULTS_SEED", "1"))
PAUSE_S = 0.7
TAIL_S = 150.0
KILLED_BACKEND = (
    "AdminShutdown",
    "the connection is closed",
    "the connection is lost",
    "server closed the connection unexpectedly",
    "IdleInTransactionSessionTimeout",
    "LockNotAvailable",
)
"""What a log says, with a traceback, where the database's own process was killed under a transaction, or ended one
whose holder was frozen for too long, or refused to wait for that."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300 + EACH * 40)]


@pytest.fixture
def sqlite_system(tmp_path: Path, valkey_binary: Path) -> Iterator[System]:
    system = System(tmp_path, valkey_binary)
    yield system
    system.end()


@pytest.fixture
def postgres_system(tmp_path: Path, valkey_binary: Path, postgres_url: str) -> Iterator[System]:
    system = System(tmp_path, valkey_binary, parties=("a", "b"), database=postgres_url, schedulers=2)
    yield system
    system.end()


def run(system: System, *, jobs: int, each: int, more: Mapping[str, int] | None = None) -> Count:
    """Jobs and faults side by side, then a tail without faults, then the checks."""
    draw = random.Random(SEED)
    system.start()
    documents = list(Mix(system.folder, system.parties, draw).documents(jobs))
    chaos = Chaos(system, draw, each=each, more=more or {})
    audit = Audit(system)
    pause_s = 0.9 * PAUSE_S * len(chaos.left) / jobs
    with system.client() as client, Submitter(client, documents, pause_s) as submitter:
        while not chaos.is_over:
            next_fault = time.monotonic() + draw.uniform(0.5, 1.5) * PAUSE_S
            chaos.inject()
            while time.monotonic() < next_fault:
                system.tend()
                chaos.thaw()
                time.sleep(0.05)
        system.wait(lambda: not submitter.waiting, "every job is accepted")
    assert len(submitter.accepted) == jobs, "two submissions were given one job"
    tail_s = drain(system, audit)
    statuses = system.stop()
    count = audit.check(submitter.accepted)
    print(f"seed {SEED}: {sum(chaos.done.values())} faults {dict(chaos.done)}, not possible: {dict(chaos.missed)}")
    print(f"{len(submitter.accepted)} jobs, {submitter.failures} submits failed, {count}, drained in {tail_s:.1f} s")
    print({part.name: part.restarts for part in system.parts.values()}, statuses)
    assert min(chaos.done.values()) >= each
    check_leftovers(system)
    return count


def drain(system: System, audit: Audit) -> float:
    """Seconds until every job had ended."""
    try:
        return system.wait(lambda: not audit.open_jobs(), "every job has ended", TAIL_S)
    except AssertionError as late:
        raise AssertionError(f"{late}\nopen after {TAIL_S:g} s:\n{audit.explain_open()}") from None


def check_leftovers(system: System) -> None:
    """No process, no traceback."""
    left = {pid: read_words(pid) for pid in system.processes()}
    assert not left, f"processes left behind: {left}"
    expected = KILLED_BACKEND if system.database else ()
    traces = [(name, trace) for name, trace in system.tracebacks() if not any(words in trace for words in expected)]
    assert not traces, "\n\n".join(f"{name}:\n{lines}" for name, lines in traces)


def test_no_work_is_lost_or_doubled_on_sqlite(sqlite_system):
    count = run(sqlite_system, jobs=JOBS, each=EACH)
    assert count.attempts > count.tasks or count.redispatched, "no fault had any effect on a task"


def test_no_work_is_lost_or_doubled_on_postgres(postgres_system):
    """With two schedulers, and with the database's own processes among the victims."""
    each = max(1, EACH // 2)
    run(postgres_system, jobs=JOBS // 2, each=each, more={"kill_backends": 3 * each})
