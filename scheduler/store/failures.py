"""What it looks like when the database cannot be reached or refuses, for those who may go on without it."""

import sqlite3
from typing import Final

import psycopg
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

STORE_FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""Through the driver's cursor its own errors come, through a session SQLAlchemy's."""

STORE_AWAY: Final[tuple[type[Exception], ...]] = (
    OperationalError,
    PoolTimeoutError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
)
"""Those of them that may be over soon: a lost connection, a lock, a full disk; nothing was stored."""
