"""A step that kills the worker that holds it, on the real system."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedrota.errors import ConflictError
from tests.faults.system import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

MURDER = """
import os, signal, sys, time, psutil
from pathlib import Path
if os.path.exists(sys.argv[1]):
    sys.exit("cured")
print("these are my last words", flush=True)
task, seq = Path.cwd().parts[-2:]
log = Path.cwd().parents[2] / "logs" / task / f"{seq}.log"
while not (log.exists() and log.stat().st_size):  # a worker that dies before has nothing to keep
    time.sleep(0.01)
worker = next(each for each in psutil.Process().parents() if "workers" in each.cmdline())
os.kill(worker.pid, signal.SIGKILL)
signal.pause()
"""


@pytest.fixture
def system(tmp_path: Path, valkey_binary: Path) -> Iterator[System]:
    settings = {"FEDROTA_POISON_DEATHS": "2"}
    found = System(tmp_path, valkey_binary, parties=("a",), settings=settings, with_proxies=False)
    found.start()
    yield found
    found.end()


def test_a_step_that_kills_its_worker_twice_is_kept_for_an_operator(system, tmp_path):
    cure = tmp_path / "cure"
    step = {
        "name": "s",
        "command": [sys.executable, "-I", "-c", MURDER, str(cure)],
        "retry": {"attempts": 100, "backoff_s": 0.1, "on": ["lost", "unreachable"]},
    }
    with system.client() as client:
        job = client.submit({"name": "murder", "parties": {"guest": ["a"]}, "steps": [step]}).id
        system.wait(lambda: client.job(job).is_over, "the job has ended")
        ended = client.job(job)
        [kept] = client.poisoned().items
        assert (ended.state, kept.job, kept.attempt) == ("failed", job, 2)
        assert kept.reason.startswith("poison: the worker of party a died twice while it held this step")
        assert "my last words" in client.task(kept.task).failure.detail
        assert system.parts["worker.a"].restarts == 2
        with pytest.raises(ConflictError, match="fedrota requeue"):
            client.rerun(job)
        system.wait(system.is_ready, "the worker is back")
        good = client.submit(
            {"name": "good", "parties": {"guest": ["a"]}, "steps": [{"name": "s", "component": "noop"}]}
        ).id
        system.wait(lambda: client.job(good).is_over, "the next job has ended")
        assert client.job(good).state == "success"
        cure.touch()
        client.requeue(job)
        system.wait(lambda: client.job(job).is_over, "the requeued job has ended")
        assert "exit status 1" in client.job(job).reason
        assert not client.poisoned().items
        assert system.parts["worker.a"].restarts == 2
