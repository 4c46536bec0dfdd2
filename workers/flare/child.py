"""FLARE's server or client process of this party, and the end of everything that it has started."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

TRAIN: Final = {
    "server": "nvflare.private.fed.app.server.server_train",
    "client": "nvflare.private.fed.app.client.client_train",
}
_DIE_WITH_PARENT: Final = 1
LAST_S: Final = 5.0


class ChildDiedError(Exception):
    """FLARE's process has ended by itself; the text says how."""


class Child:
    """FLARE's process in its startup kit's folder, its output in ours."""

    def __init__(self, side: str, workspace: Path, *, variables: Sequence[str]) -> None:
        """Start the `server` or the `client` of the kit in `workspace`; `variables` are its `--set name=value`."""
        self._side = side
        (workspace / "transfer").mkdir(exist_ok=True)
        argv = [sys.executable, "-u", "-m", TRAIN[side], "-m", str(workspace), "-s", f"fed_{side}.json",
                "--set", "secure_train=true", "config_folder=config", *variables]  # fmt: skip
        self._process = subprocess.Popen(argv, cwd=workspace, preexec_fn=_die_with_parent)  # noqa: PLW1509  there are no threads yet

    def check(self) -> None:
        """ChildDiedError where it is gone."""
        code = self._process.poll()
        if code is not None:
            how = f"ended with exit status {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
            raise ChildDiedError(f"FLARE's {self._side} process {how}")

    def list_tree(self) -> list[Any]:
        """The process, if it lives, and every process below it."""
        psutil = import_module("psutil")
        try:
            top = psutil.Process(self._process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def wait_until_quiet(self, limit_s: float) -> None:
        """Wait until it has no process of a job left, at most so long."""
        give_up = time.monotonic() + limit_s
        while len(self.list_tree()) > 1 and time.monotonic() < give_up:
            time.sleep(0.05)

    def end(self) -> None:
        """Kill it and all that it has started."""
        tree = self.list_tree()
        for process in tree:
            kill_quietly(process)
        import_module("psutil").wait_procs(tree[1:], timeout=LAST_S)
        self._process.wait(LAST_S)


def kill_quietly(process: Any) -> None:
    """Kill a process that may have ended by now."""
    try:
        process.kill()
    except import_module("psutil").NoSuchProcess:
        return


def exit_on_signal() -> None:
    """Have a polite signal end this program and everything below it at once.

    No exception is raised for it: FLARE's session would swallow one that comes in the middle of its work.
    """
    import_module("psutil")  # not while a signal is handled
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    for process in import_module("psutil").Process().children(recursive=True):
        kill_quietly(process)
    os._exit(128 + number)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
