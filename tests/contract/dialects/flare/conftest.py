"""What FLARE's clients were answered, gathered once for all tests and processes."""

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from fedrota.up.ports import find_free_port
from tests.contract.dialects.flare.running import run_all


@pytest.fixture(scope="session")
def results(repository: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """What `run_all` gives."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "flare-clients"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept, failed = folder / "results.json", folder / "failed.txt"
        assert not failed.exists(), failed.read_text()
        if not kept.exists():
            failed.write_text("the clients' run has failed: the first test that wanted it says why")
            kept.write_text(json.dumps(run_all(repository, folder, (find_free_port(), find_free_port()))))
            failed.unlink()
    found: dict[str, Any] = json.loads(kept.read_text())
    return found
