"""Ends this worker because a console asks for it: in order, as a signal to the process would."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from scheduler.domain.errors import InvalidDocumentError, Problem
from workers.calls.arguments import Args, read_text
from workers.calls.serving import Answer, Op
from workers.workdir import Workdir

log: Final = structlog.get_logger()

PAUSE_S: Final = 0.3
"""The answer goes out before the end begins."""
WAYS: Final = ("restart", "shutdown", "reconnect")


def make_ending_ops(workdir: Workdir, *, reconnect: Callable[[], None]) -> Mapping[str, Op]:
    """The operation by which a console ends this worker, or only its connection."""

    def end(args: Args, _body: object) -> Answer:
        how = args.get("how")
        if how not in WAYS:
            raise InvalidDocumentError(Problem("how", f"use one of {', '.join(WAYS)}"))
        log.info("worker_told_to_end", how=how, by=read_text(args, "by"))
        if how == "reconnect":
            threading.Timer(PAUSE_S, reconnect).start()
            return Answer(result={"done": how})
        if how == "shutdown":
            workdir.down.touch()
        threading.Timer(PAUSE_S, os.kill, (os.getpid(), signal.SIGTERM)).start()
        return Answer(result={"done": how})

    return {"worker.end": end}
