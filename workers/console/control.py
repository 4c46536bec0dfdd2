"""What a console may do to this worker: end it in order, open its connection anew, change how much it logs."""

import logging
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
RELOAD: Final = "reload"
"""Back to the level of the worker's settings."""
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def make_control_ops(workdir: Workdir, *, log_level: str, reconnect: Callable[[], None]) -> Mapping[str, Op]:
    """The operations on the worker itself; `log_level` is the one of its settings."""
    return {
        "worker.end": lambda args, _: end_worker(workdir, args, reconnect=reconnect),
        "log.level": lambda args, _: change_level(args, settled=log_level),
    }


def end_worker(workdir: Workdir, args: Args, *, reconnect: Callable[[], None]) -> Answer:
    """End the worker as a signal to its process would, or only its connection."""
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


def change_level(args: Args, *, settled: str) -> Answer:
    """Set from which level on the worker logs, until it ends; what jobs print is theirs and not touched."""
    wanted = read_text(args, "level")
    level = settled if wanted == RELOAD else wanted
    if level not in LEVELS:
        raise InvalidDocumentError(Problem("level", f"use one of {', '.join((*LEVELS, RELOAD))}"))
    logging.getLogger().setLevel(level)
    log.warning("log_level_changed", level=level, by=read_text(args, "by"))
    return Answer(result={"level": level})
