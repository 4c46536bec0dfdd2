"""The worker's end of FLARE's zygote: another interpreter, another mark, the same rules of life."""

import os
from pathlib import Path
from typing import Final

import structlog

from workers.executors.base import Limits
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import ROOT, Nursery
from workers.executors.process import Process
from workers.processes.zygote import Order

log = structlog.get_logger(__name__)

BOOT: Final = (
    "import sys; del sys.path[0]; path = [*sys.path]; sys.path.append(sys.argv[1]); "
    "from workers.flare.zygote import main; main(sys.argv[2], path)"
)
"""Our modules come last on the path of FLARE's interpreter, and its own processes do not get them."""
TITLE_ROOM: Final = 2048
"""So long may the command lines be under which the forked processes show."""


class FlareNursery(Nursery):
    """Where the processes of FLARE's members come from; without an interpreter it never starts."""

    def __init__(self, loop: ExecutorLoop, *, site: Path, python: Path | None, limits: Limits) -> None:
        super().__init__(loop, site=site, modules=(), limits=limits)
        self.mark = f"FEDROTA_FLARE={site}"
        self._site = site
        self._python = python

    def fork(self, *, preload: bool = False) -> Process:
        """As any nursery; starts the zygote where the interpreter was not there before."""
        if not self.zygote_pid:
            self._start()
        return super().fork(preload=preload)

    def _start(self) -> None:
        if self._python is None:
            return
        if is_program(self._python):
            super()._start()
        else:
            log.error("engine_missing", engine="flare", python=str(self._python))

    def _command(self, order: Order) -> list[str]:
        return [str(self._python), "-c", BOOT, str(ROOT), order.render().ljust(TITLE_ROOM)]

    def _environment(self) -> dict[str, str]:
        """Nothing of the worker's but where programs are: a job's own environment comes with its order."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._site),
            "LANG": "C.UTF-8",
            "PYTHONNOUSERSITE": "1",
        }


def is_program(path: Path) -> bool:
    """Whether there is a file that may be run."""
    return path.is_file() and os.access(path, os.X_OK)
