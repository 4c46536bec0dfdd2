"""The store and its transactions: one way to begin, one way to end, on either database."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Boolean, Connection, Double, Engine, Float, Integer, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from scheduler.store.columns import Instant
from scheduler.store.sql import Sql, bind
from scheduler.store.turns import Turns

SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
)
POSTGRES_SETTINGS: Final = (
    "-c idle_in_transaction_session_timeout=5s -c statement_timeout=30s -c lock_timeout=5s -c timezone=UTC"
)


@dataclass(slots=True)
class Effects:
    """What must happen after a commit, and only then."""

    has_ready_work: bool = False
    """A step may start: nudge the scheduler."""
    changed_jobs: set[str] = field(default_factory=set)
    """Jobs with new events: wake those who watch them."""
    stops: list[tuple[str, str, int, str]] = field(default_factory=list)
    """(party, task, seq, kind) of running tasks to be stopped through the party's channel."""


class Tx:
    """A transaction: the driver's cursor for hot statements, a SQLModel session for the rest."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_postgres = connection.dialect.name == "postgresql"
        self.effects = Effects()
        self._cursor: Any = connection.connection.cursor()
        self._session: Session | None = None
        self._put_off: list[tuple[Table, Sequence[Mapping[str, Any]]]] = []

    @property
    def session(self) -> Session:
        """A session inside this transaction; whoever writes through it flushes before a raw statement."""
        if self._session is None:
            self._session = Session(bind=self.connection, autoflush=False, expire_on_commit=False)
        return self._session

    def run(self, statement: Sql, **params: Any) -> list[tuple[Any, ...]]:
        """All rows of a statement; lists and dicts among `params` serve its `{in:}` and `{of:}` markers."""
        text = statement.postgres if self.is_postgres else statement.sqlite
        self._cursor.execute(text, bind(params, is_postgres=self.is_postgres))
        return self._cursor.fetchall() if self._cursor.description else []

    def run_all(self, *calls: tuple[Sql, Mapping[str, Any]]) -> list[list[tuple[Any, ...]]]:
        """The rows of each statement, run one after the other; on PostgreSQL all in one round trip."""
        if not self.is_postgres:
            return [self.run(statement, **params) for statement, params in calls]
        driver: Any = self.connection.connection.driver_connection
        with driver.pipeline():
            cursors = [
                driver.execute(statement.postgres, bind(params, is_postgres=True)) for statement, params in calls
            ]
        # Only now all results are here.
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    def insert_all(self, *inserts: tuple[Table, Sequence[Mapping[str, Any]]]) -> None:
        """As `insert`, for several tables in this order; on PostgreSQL all in one round trip."""
        if not self.is_postgres:
            for table, rows in inserts:
                self.insert(table, rows)
            return
        driver: Any = self.connection.connection.driver_connection
        with driver.pipeline():
            for table, rows in inserts:
                self.insert(table, rows)

    def insert_last(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """As `insert`, but at the end of the transaction, together with all others that are put off."""
        if rows:
            self._put_off.append((table, rows))

    def flush(self) -> None:
        """Write what is still to be written; the store does it before it commits."""
        if self._session is not None:
            self._session.flush()
        merged: dict[str, tuple[Table, list[Mapping[str, Any]]]] = {}
        for table, rows in self._put_off:
            merged.setdefault(table.name, (table, []))[1].extend(rows)
        self._put_off = []
        self.insert_all(*merged.values())

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows whose values are as stored (times as epoch seconds, JSON as text); all have the same keys."""
        if not rows:
            return
        names = list(rows[0])
        if self.is_postgres:
            self._cursor.execute(_unnest_insert(table, names), [[row[name] for row in rows] for name in names])
        else:
            marks = ", ".join("?" * len(names))
            values = ([row[name] for name in names] for row in rows)
            self._cursor.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", values)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone alone where it raises."""
        self._cursor.execute("SAVEPOINT part")
        kept = len(self._put_off)
        try:
            yield
        except BaseException:
            del self._put_off[kept:]
            self._cursor.execute("ROLLBACK TO SAVEPOINT part")
            self.session.expire_all()
            raise
        finally:
            self._cursor.execute("RELEASE SAVEPOINT part")

    def close(self) -> None:
        """Give the cursor and the session back."""
        self._cursor.close()
        if self._session is not None:
            self._session.close()


def _unnest_insert(table: Table, names: Iterable[str]) -> str:
    arrays = ", ".join(f"%s::{_array_type(table, name)}[]" for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({arrays})"


def _array_type(table: Table, name: str) -> str:
    kind = table.columns[name].type
    if isinstance(kind, Boolean):
        return "boolean"
    if isinstance(kind, Integer):
        return "bigint"
    return "double precision" if isinstance(kind, (Float, Double, Instant)) else "text"


class Store:
    """A database; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_postgres = engine.dialect.name == "postgresql"
        file = None if self.is_postgres else engine.url.database
        self._take_turn = Turns(Path(file)).take if file and file != ":memory:" else nullcontext

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that commits at the end of the block and rolls back on an exception."""
        with self._take_turn(), self._begin(for_write=True) as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent view; nothing is ever written through it."""
        with self._begin(for_write=False) as tx:
            yield tx

    @contextmanager
    def _begin(self, *, for_write: bool) -> Iterator[Tx]:
        with self.engine.connect() as connection:
            if self.is_postgres:
                level = "READ COMMITTED" if for_write else "REPEATABLE READ"
                connection.execution_options(isolation_level=level)
            else:
                # SQLite takes its write lock at once: a deferred one fails half-way with "locked".
                connection.info["begin"] = "BEGIN IMMEDIATE" if for_write else "BEGIN"
            with connection.begin():
                tx = Tx(connection)
                try:
                    yield tx
                    tx.flush()
                finally:
                    tx.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def make_store(url: str, *, pool_size: int = 8) -> Store:
    """A store for `sqlite:///path` or `postgresql+psycopg://...` ; nothing is connected yet."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=pool_size, max_overflow=4, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=5,
            connect_args={"options": POSTGRES_SETTINGS, "keepalives": 1, "keepalives_idle": 30},
        )
    return Store(engine)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  only listens to SQLite engines
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.info.get("begin", "BEGIN"))
