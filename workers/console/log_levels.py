"""Changes how much this worker logs, until it ends; what jobs print is theirs and not touched."""

import logging
from collections.abc import Mapping
from typing import Final

import structlog

from scheduler.domain.errors import InvalidDocumentError, Problem
from workers.calls.arguments import Args, read_text
from workers.calls.serving import Answer, Op

log: Final = structlog.get_logger()

RELOAD: Final = "reload"
"""Back to what the worker's settings say."""
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def make_log_ops(settled: str) -> Mapping[str, Op]:
    """The operation that sets the level; `settled` is the one of the worker's settings."""

    def change(args: Args, _body: object) -> Answer:
        wanted = read_text(args, "level")
        level = settled if wanted == RELOAD else wanted
        if level not in LEVELS:
            raise InvalidDocumentError(Problem("level", f"use one of {', '.join((*LEVELS, RELOAD))}"))
        logging.getLogger().setLevel(level)
        log.warning("log_level_changed", level=level, by=read_text(args, "by"))
        return Answer(result={"level": level})

    return {"log.level": change}
