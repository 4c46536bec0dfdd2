"""Old jobs on the real system: the scheduler removes them, and the parties delete what was left there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fedrota.client import Client
from fedrota.errors import NotFoundError
from tests.faults.system import System
from tests.workers.fakes import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DAYS = "0.00003"
"""About two and a half seconds."""


@pytest.fixture
def system(tmp_path: Path, valkey_binary: Path) -> Iterator[System]:
    settings = {"FEDROTA_RETENTION_DAYS": DAYS}
    found = System(tmp_path, valkey_binary, parties=("a", "b"), settings=settings, with_proxies=False)
    found.start()
    yield found
    found.end()


def is_gone(client: Client, job: str) -> bool:
    try:
        client.job(job)
    except NotFoundError:
        return True
    return False


def test_a_job_goes_with_its_files_at_the_parties_and_one_that_runs_stays(system, tmp_path):
    seen = tmp_path / "seen"
    talk = {"name": "s", "command": wait_for(seen, first="echo hello")}
    stay = {"name": "s", "command": ["sleep", "120"]}
    parties = {"guest": ["a"], "host": ["b"]}
    with system.client() as client:
        running = client.submit({"name": "long", "parties": parties, "steps": [stay]}).id
        job = client.submit({"name": "short", "parties": parties, "steps": [talk]}).id
        logs = [system.site(party) / "logs" for party in "ab"]
        system.wait(lambda: all(any(folder.glob(f"{job}*")) for folder in logs), "both parties have a log")
        seen.touch()  # once it has ended, the job and its logs are there for a moment only
        system.wait(lambda: is_gone(client, job), "the old job is removed")
        system.wait(lambda: not any(any(folder.glob(f"{job}*")) for folder in logs), "the parties' logs are deleted")
        assert client.job(running).state == "running"
        client.stop(running)
        system.wait(lambda: is_gone(client, running), "the stopped job is removed too")
