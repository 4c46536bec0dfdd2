"""What it looks like when the database cannot be reached or refuses, for those who may go on without it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class DatabaseAwayError(Exception):
    """The database is away or full; the text says it in one line."""


class UnsureCommitError(Exception):
    """The connection was lost while a transaction was being committed: it is stored as a whole or not at all."""


STORE_FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, sqlite3.Error, psycopg.Error, UnsureCommitError)
"""Through the driver's cursor its own errors come, through a session SQLAlchemy's."""

STORE_AWAY: Final[tuple[type[Exception], ...]] = (
    OperationalError,
    PoolTimeoutError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
    UnsureCommitError,
)
"""Those of them that may be over soon: a lost connection, a lock, a full disk; but for the last, nothing was stored."""

_TOO_LARGE: Final = "54"
"""The class of PostgreSQL's refusals of what exceeds one of its limits: the same is refused again."""
_SHUT_DOWN: Final = frozenset({None, "57P01", "57P02", "57P03"})
"""What PostgreSQL says when it ends a connection; None: it ended without a word."""


def is_away(error: Exception) -> bool:
    """Whether the database is away or full, which a sentence tells; an error in our SQL wants its traceback."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF != sqlite3.SQLITE_ERROR
    if isinstance(cause, psycopg.OperationalError):
        return not (cause.sqlstate or "").startswith(_TOO_LARGE)
    return isinstance(cause, (PoolTimeoutError, UnsureCommitError))


def describe(error: Exception) -> str:
    """What the driver says, in one line behind its word for the failure."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())}"


@contextmanager
def telling_away() -> Iterator[None]:
    """For a command: DatabaseAwayError, whose text is for its user, where the database is away; defects stay as they are."""
    try:
        yield
    except STORE_FAILURES as failure:
        if not is_away(failure):
            raise
        raise DatabaseAwayError(f"the database cannot be used: {describe(failure)}") from failure


def is_lost_connection(error: Exception) -> bool:
    """Whether the database's end of the connection went away before anything was committed."""
    cause = getattr(error, "orig", None) or error
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate in _SHUT_DOWN


def is_lost_race(error: Exception) -> bool:
    """Whether another process has just stored what was to be new; who looks again finds it."""
    return isinstance(getattr(error, "orig", None) or error, psycopg.errors.UniqueViolation)
