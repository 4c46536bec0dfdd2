"""Structured logs for every process: JSON lines or console, with the context of job, step, task and party."""

import logging
import re
import sys
import warnings
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog

SECRET_KEYS: Final = re.compile(r"authorization|signature|token|password|secret", re.IGNORECASE)
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All but tab and line feed, which tracebacks have."""
URL_USER: Final = re.compile(r"(\w+://)[^/@\s]+@")


def configure_logs(*, process: str, level: str, json_lines: bool) -> None:
    """Set up structlog over the standard library's logging, for `process` (gateway, scheduler, worker)."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _named(process),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    rendering: list[structlog.types.Processor] = (
        [structlog.processors.JSONRenderer()]
        if json_lines
        else [show_controls, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")


def _named(process: str) -> structlog.types.Processor:
    """Put the process's name on every line, from whatever thread it comes."""

    def add_process(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("process", process)
        return event

    return add_process


def show_controls(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write control characters as escapes: a terminal would obey those in a path or in a party's words."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = CONTROLS.sub(lambda found: ascii(found[0])[1:-1], value)
    return event


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank the values of telling keys and the user part of URLs, however deep they lie."""
    for key, value in event.items():
        event[key] = _hide(key, value)
    return event


def _hide(key: object, value: Any) -> Any:
    if isinstance(key, str) and SECRET_KEYS.search(key):
        return "***"
    if isinstance(value, str):
        return URL_USER.sub(r"\1***@", value)
    if isinstance(value, Mapping):
        return {inner: _hide(inner, item) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hide(None, item) for item in value]
    return value
