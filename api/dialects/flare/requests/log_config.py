"""How much is to be logged, and where: FLARE's words for levels and targets, refused in its sentences.

Source: NVIDIA FLARE 2.9.0, module `nvflare.fuel.utils.log_utils`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.vocabulary.targets import CLIENT, TYPES

RELOAD: Final = "reload"
MODES: Final = ("full", "concise", "msg_only", "verbose")
"""FLARE's names for what a line holds; RELOAD goes back to what was set at the start."""
MAX_LEVEL: Final = logging.CRITICAL
WRONG: Final = "only supports log levels and built-in log modes"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLog:
    """What a running job is to log: `kind` is server, client or all, `names` some of its sites."""

    job: str
    kind: str
    names: tuple[str, ...]
    config: str


def parse_job_log(words: Sequence[str]) -> JobLog:
    """`job_id server|client [name ...]|all config`; FLARE's own engine reads the config once more."""
    if len(words) < 3 or words[1] not in TYPES or (len(words) > 3 and words[1] != CLIENT):
        raise FlareError(
            MetaStatus.SYNTAX_ERROR, "usage: configure_job_log job_id server|client <client-name>...|all config"
        )
    config = words[-1].strip()
    if config != RELOAD and config not in MODES and _find_level(config) is None:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"configure_job_log {WRONG}: {config[:80]!r} is none")
    return JobLog(job=words[0], kind=words[1], names=tuple(words[2:-1]), config=config)


def parse_site_log(words: Sequence[str]) -> tuple[list[str], str]:
    """Whom the words mean and a level's name, or RELOAD; a client's name alone means that client, as 2.9 sends it."""
    if len(words) < 2:
        raise FlareError(MetaStatus.SYNTAX_ERROR, "usage: configure_site_log server|client <client-name>...|all config")
    targets, config = list(words[:-1]), words[-1].strip()
    targets = targets if targets[0] in TYPES else [CLIENT, *targets]
    level = RELOAD if config == RELOAD else _name_level(config)
    return targets, level


def _name_level(config: str) -> str:
    """The name of the next level that workers know."""
    if config in MODES:
        raise FlareError(
            MetaStatus.ERROR,
            f"what a worker's log lines hold is settled when it starts (FEDROTA_LOG_FORMAT): {config!r} changes nothing "
            f"there; name a level, or {RELOAD!r}",
        )
    level = _find_level(config)
    if level is None:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"configure_site_log {WRONG}: {config[:80]!r} is none")
    known = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
    return logging.getLevelName(next(each for each in known if level <= each))


def _find_level(config: str) -> int | None:
    """The number of a level; None where it is none."""
    if config.isascii() and config.isdigit():
        return int(config) if len(config) <= 2 and int(config) <= MAX_LEVEL else None
    return logging.getLevelNamesMapping().get(config.upper())
