"""FLARE's server or client process of this party, and the end of everything that it has started."""

import os
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from workers.flare.forks import Forks
from workers.flare.programs import CLIENT, SERVER
from workers.processes.kernel import name_signal

TRAIN: Final = {"server": SERVER, "client": CLIENT}
LAST_S: Final = 5.0


class ChildDiedError(Exception):
    """FLARE's process has ended by itself; the text says how."""


class Child:
    """FLARE's process in its startup kit's folder, its output in ours."""

    def __init__(self, side: str, workspace: Path, *, forks: Forks, variables: Sequence[str]) -> None:
        """Start the `server` or the `client` of the kit in `workspace`; `variables` are its `--set name=value`."""
        self._side = side
        (workspace / "transfer").mkdir(exist_ok=True)
        words = ["-m", str(workspace), "-s", f"fed_{side}.json",
                 "--set", "secure_train=true", "config_folder=config", *variables]  # fmt: skip
        self._fork = forks.start(TRAIN[side], words, folder=str(workspace), environment=os.environ)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._fork.pid

    def check(self) -> None:
        """ChildDiedError where it is gone."""
        code = self._fork.poll()
        if code is not None:
            how = f"ended with exit status {code}" if code >= 0 else f"was killed by {name_signal(-code)}"
            raise ChildDiedError(f"FLARE's {self._side} process {how}")

    def list_tree(self) -> list[Any]:
        """The process and those of jobs, which have the same parent as this one, and every process below them."""
        psutil = import_module("psutil")
        family = psutil.Process(os.getppid()).children(recursive=True)
        return [process for process in family if process.pid != os.getpid()]

    def wait_until_quiet(self, limit_s: float) -> None:
        """Wait until it has no process of a job left, at most so long."""
        give_up = time.monotonic() + limit_s
        while len(self.list_tree()) > 1 and time.monotonic() < give_up:
            time.sleep(0.05)

    def end(self) -> None:
        """Kill it and all that it has started; returns when all of it is dead."""
        psutil = import_module("psutil")
        tree = self.list_tree()
        for process in tree:
            kill_quietly(process)
        psutil.wait_procs(tree, timeout=LAST_S)


def kill_quietly(process: Any) -> None:
    """Kill a process that may have ended by now."""
    try:
        process.kill()
    except import_module("psutil").NoSuchProcess:
        return
