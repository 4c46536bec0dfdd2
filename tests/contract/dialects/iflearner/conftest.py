"""The whole system with two parties, and iFLearner's published clients and engine as they are."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.install import install

READY_S = 200.0
PARTIES = ("9999", "10000")


@dataclass(frozen=True)
class System:
    """A running system: the gateway's port, and what it may read."""

    port: str
    folder: Path

    def run(self, python: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a client's Python as a user would, with nothing of ours on its path."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(
            [str(python), *words], cwd=self.folder, env={**kept, **environment}, capture_output=True, text=True,
            check=False, timeout=500,
        )  # fmt: skip


@pytest.fixture(scope="session", params=["0.2.0", "0.1.2"])
def client(request: pytest.FixtureRequest) -> Path:
    """The interpreter beside each published client."""
    return install(f"iflearner-flow-client-{request.param}")


@pytest.fixture(scope="session")
def newest() -> Path:
    """The interpreter beside the last published client."""
    return install("iflearner-flow-client-0.2.0")


@pytest.fixture(scope="session")
def system(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """`fedrota up` with the real engine at both parties."""
    folder = tmp_path_factory.mktemp("iflearner")
    state = folder / "state"
    environment = {
        "FEDROTA_ENGINES": json.dumps({"iflearner": str(install("iflearner-0.1.0"))}),
        "FEDROTA_ALLOWED_ROOTS": json.dumps([str(repository / "examples"), str(folder)]),
    }
    argv = [sys.executable, "-m", "fedrota", "up", "--state", str(state), "--port", "0", "--no-flower"]
    argv += [word for party in PARTIES for word in ("--party", party)]
    with (folder / "up.out").open("wb") as out:
        up = subprocess.Popen(argv, cwd=repository, stdout=out, stderr=out, env={**os.environ, **environment})
    try:
        yield System(wait_for_port(up, state, (folder / "up.out").read_text), folder)
    finally:
        up.terminate()
        up.wait(60)


def wait_for_port(up: "subprocess.Popen[bytes]", state: Path, said: Callable[[], str]) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert up.poll() is None, said()
        if (state / "up.json").exists():
            record = json.loads((state / "up.json").read_text())
            if record["phase"] == "ready":
                return str(record["url"]).rpartition(":")[2]
        time.sleep(0.05)
    raise AssertionError(f"the system was not ready within {READY_S} s:\n{said()}")
