"""The store and its transactions: one way to begin, one way to end, on either database."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from scheduler.store.connections import Connections
from scheduler.store.failures import STORE_AWAY, UnsureCommitError
from scheduler.store.sql import Sql
from scheduler.store.tx import Tx
from scheduler.store.write_lock import WriteLock

SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
)
POSTGRES_LINE: Final = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "tcp_user_timeout": 30_000,
}
"""libpq's settings for a connection: a server that has gone without a word is noticed within a minute (s, the last ms)."""
POSTGRES_SETTINGS: Final = (
    "-c idle_in_transaction_session_timeout=5s -c statement_timeout=30s -c lock_timeout=5s -c timezone=UTC "
    # A plan made while the tables were empty is kept for long: it must be one for full tables, and the
    # first page of a long queue must not sort the whole queue.
    "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off"
)

# SQLite takes its write lock at once: a deferred one fails half-way with "locked".
_BEGIN_WRITE: Final = Sql(sqlite="BEGIN IMMEDIATE", postgres="BEGIN ISOLATION LEVEL READ COMMITTED")
_BEGIN_READ: Final = Sql(sqlite="BEGIN", postgres="BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")


class Store:
    """A database; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._connections = Connections(engine)
        self.is_postgres = engine.dialect.name == "postgresql"
        file = None if self.is_postgres else engine.url.database
        self._write_lock = WriteLock(Path(file)) if file and file != ":memory:" else None

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that commits at the end of the block and rolls back on an exception.

        UnsureCommitError: the connection was lost in the commit.
        """
        tx: Tx | None = None
        try:
            with self.write_lock(), self._begin(for_write=True) as tx:
                yield tx
        except STORE_AWAY as failure:
            if tx is not None and tx.is_unsure:
                raise UnsureCommitError(str(failure)) from failure
            raise

    def write_lock(self) -> AbstractContextManager[None]:
        """While the block runs nobody else writes or checkpoints a SQLite database; PostgreSQL needs no such lock."""
        return self._write_lock.hold() if self._write_lock else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent view; nothing is ever written through it, and PostgreSQL sees to that."""
        with self._begin(for_write=False) as tx:
            yield tx

    @contextmanager
    def _begin(self, *, for_write: bool) -> Iterator[Tx]:
        with self._connections.take(for_write=for_write) as raw:
            tx = Tx(self.engine, raw)
            try:
                tx.run_ahead(_BEGIN_WRITE if for_write else _BEGIN_READ)
                yield tx
                tx.finish() if for_write else raw.commit()
            finally:
                tx.close()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self.engine.dispose()
        if self._write_lock:
            self._write_lock.close()


def make_store(url: str, *, pool_size: int = 8) -> Store:
    """A store for `sqlite:///path` or `postgresql+psycopg://...` ; nothing is connected yet."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=pool_size, max_overflow=4, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=5,
            connect_args={"options": POSTGRES_SETTINGS, **POSTGRES_LINE},
        )
    return Store(engine)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  only listens to SQLite engines
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
