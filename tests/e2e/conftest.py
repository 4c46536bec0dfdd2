"""The real system, started as a user starts it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fedrota.client import Client

READY_S = 200.0


class System:
    """`fedrota up` on a state folder of its own, on a port that the system chose."""

    def __init__(self, tree: Path, state: Path) -> None:
        self.tree = tree
        self.state = state
        self._up: subprocess.Popen[bytes] | None = None
        self._flags: tuple[str, ...] = ()

    def start(self, *flags: str, environment: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it is ready; the flags of the last start are used again."""
        self._flags = flags or self._flags
        argv = [sys.executable, "-m", "fedrota", "up", "--state", str(self.state), "--port", "0", *self._flags]
        with (self.state.parent / "up.out").open("ab") as out:
            self._up = subprocess.Popen(
                argv,
                cwd=self.tree,
                stdout=out,
                stderr=out,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self.wait(lambda: (self.record()["pid"], self.record()["phase"]) == (self.process.pid, "ready"))

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process of `fedrota up` itself."""
        assert self._up is not None
        return self._up

    def record(self) -> dict[str, Any]:
        """What `up` says of itself; phase `down` before and after."""
        try:
            found: dict[str, Any] = json.loads((self.state / "up.json").read_text())
        except FileNotFoundError:
            return {"pid": 0, "phase": "down", "processes": []}
        return found

    def pids(self) -> dict[str, int]:
        """The processes by name."""
        return {each["name"]: each["pid"] for each in self.record()["processes"]}

    def client(self) -> Client:
        """A client with the administrator's token."""
        return Client(self.record()["url"], (self.state / "token").read_text().strip())

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command of `fedrota`, as typed."""
        environment = {**os.environ, "FEDROTA_STATE_DIR": str(self.state), "FEDROTA_URL": self.record().get("url", "")}
        argv = [sys.executable, "-m", "fedrota", *words]
        return subprocess.run(
            argv, cwd=self.tree, env=environment, capture_output=True, text=True, check=False, timeout=200
        )

    def output(self) -> str:
        """All that `up` and its processes wrote."""
        return (self.state.parent / "up.out").read_text(errors="replace")

    def wait(self, condition: Callable[[], bool], within_s: float = READY_S) -> None:
        """Wait until the condition holds, while `up` lives; one that was started detached is not watched."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert self._up is None or self._up.poll() is None, f"up ended:\n{self.output()[-8000:]}"
            assert time.monotonic() < deadline, f"not in {within_s:g} s:\n{self.output()[-8000:]}"
            time.sleep(0.05)

    def stop(self) -> int:
        """Stop it in order; its exit status."""
        self.process.terminate()
        return self.process.wait(60)

    def end(self) -> None:
        """Kill what a failed test left; the processes of an `up` that is killed end with it."""
        if self._up is not None and self._up.poll() is None:
            self._up.kill()
            self._up.wait()
        if self.record()["pid"]:
            self.run("down", "--now")


@pytest.fixture
def system(repository: Path, tmp_path: Path) -> Iterator[System]:
    """A system that is not started yet."""
    found = System(repository, tmp_path / "state")
    yield found
    found.end()


@pytest.fixture(scope="session")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose files requests to `fate_system` may name."""
    return tmp_path_factory.mktemp("allowed")


@pytest.fixture(scope="session")
def model_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `fate_system` stores models."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def fate_system(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, allowed: Path, model_store: Path
) -> Iterator[System]:
    """A system of two parties for all tests of FATE's interface, each with tables, jobs and models of its own."""
    found = System(repository, tmp_path_factory.mktemp("fate") / "state")
    environment = {"FEDROTA_ALLOWED_ROOTS": json.dumps([str(allowed)]), "FEDROTA_MODEL_STORE": str(model_store)}
    try:
        found.start("--no-flower", "--party", "9999", "--party", "10000", environment=environment)
        yield found
        assert found.stop() == 0
    finally:
        found.end()
