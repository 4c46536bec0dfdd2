"""FLARE's server or client process of this party, and the end of everything that it has started."""

import ctypes
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

    def end(self) -> None:
        """Kill it and all that it has started."""
        tree = list_tree()
        for process in tree:
            process.kill()
        import_module("psutil").wait_procs(tree, timeout=LAST_S)


def list_tree() -> list[Any]:
    """Every process below this one."""
    found: list[Any] = import_module("psutil").Process().children(recursive=True)
    return found


def wait_until_quiet(limit_s: float) -> None:
    """Wait until FLARE's process has no process of a job left, at most so long."""
    give_up = time.monotonic() + limit_s
    while len(list_tree()) > 1 and time.monotonic() < give_up:
        time.sleep(0.05)


def exit_on_signal() -> None:
    """Have a polite signal end this program in order, so that it ends its processes first."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
