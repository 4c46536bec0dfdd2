"""What the log says of requests that are no HTTP: anybody can send them, so a line each and no traceback."""

import logging
from typing import Final

from aiohttp.http_exceptions import HttpProcessingError

NAME: Final = "api.wire"
WORDS: Final = 200


class _Brief(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.msg, record.args = "request_is_no_http %s", (ascii(error.message)[:WORDS],)
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


def make_wire_logger() -> logging.Logger:
    """What aiohttp's server is to log with."""
    logger = logging.getLogger(NAME)
    if not logger.filters:
        logger.addFilter(_Brief())
    return logger
