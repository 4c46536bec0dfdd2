"""A transaction as the statements see it: the driver's cursor for hot ones, a SQLModel session for the rest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from typing import Any, Final

import psycopg
from sqlalchemy import Boolean, Connection, Double, Engine, Float, Integer, PoolProxiedConnection, Table
from sqlmodel import Session, SQLModel

from scheduler.store.columns import Instant, find_table, to_json
from scheduler.store.effects import Effects
from scheduler.store.failures import STORE_FAILURES
from scheduler.store.sql import Sql, bind

LARGEST_BLOCK: Final = 64
"""Rows of one INSERT on SQLite."""


class Tx:
    """A transaction: the driver's cursor for hot statements, a SQLModel session for the rest."""

    def __init__(self, engine: Engine, raw: PoolProxiedConnection) -> None:
        """`raw` is a connection that is in no transaction and marked as ours."""
        self._engine = engine
        self._raw = raw
        self.is_postgres = engine.dialect.name == "postgresql"
        self.effects = Effects()
        self.is_unsure = False
        """Whether the connection was lost in the commit, so that nobody knows what is stored."""
        self._cursor: Any = raw.cursor()
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._is_piping = False
        self._ahead: list[tuple[Sql, Mapping[str, Any], list[Any]]] = []
        """What is sent before anything else, and where its cursor is put."""
        self._put_off: list[tuple[type[SQLModel], Sequence[Mapping[str, Any]]]] = []

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, inside this transaction."""
        if self._ahead:
            self.run_all()
        if self._connection is None:
            # It is never closed: that would give the driver's connection back.
            self._connection = Connection(self._engine, self._raw)
            self._connection.begin()
        return self._connection

    @property
    def session(self) -> Session:
        """A session inside this transaction; whoever writes through it flushes before a raw statement."""
        connection = self.connection
        if self._session is None:
            self._session = Session(bind=connection, autoflush=False, expire_on_commit=False)
        return self._session

    def run(self, statement: Sql, **params: Any) -> list[tuple[Any, ...]]:
        """All rows of a statement; lists and dicts among `params` serve its `{in:}` and `{of:}` markers."""
        if self._ahead:
            return self.run_all((statement, params))[0]
        text = statement.postgres if self.is_postgres else statement.sqlite
        self._cursor.execute(text, bind(params, is_postgres=self.is_postgres))
        return self._cursor.fetchall() if self._cursor.description else []

    def run_all(self, *calls: tuple[Sql, Mapping[str, Any]]) -> list[list[tuple[Any, ...]]]:
        """The rows of each statement, run one after the other; on PostgreSQL all in one round trip."""
        if not self.is_postgres:
            return [self.run(statement, **params) for statement, params in calls]
        with self._in_one_trip():
            cursors = [self._send(*call) for call in calls]
        # Only now all results are here.
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    def run_ahead(self, statement: Sql, **params: Any) -> None:
        """Run a statement whose rows nobody wants, before whatever comes next; on PostgreSQL in its round trip."""
        self.ask((statement, params))

    def ask(self, *calls: tuple[Sql, Mapping[str, Any]]) -> Callable[[], list[list[tuple[Any, ...]]]]:
        """As `run_all`, but the rows are fetched later, once; on PostgreSQL the statements go with what is sent next."""
        if not self.is_postgres:
            rows = self.run_all(*calls)
            return lambda: rows
        cursors: list[Any] = []
        self._ahead += [(statement, params, cursors) for statement, params in calls]

        def fetch() -> list[list[tuple[Any, ...]]]:
            if len(cursors) < len(calls):
                self.run_all()
            return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

        return fetch

    @contextmanager
    def _in_one_trip(self) -> Iterator[None]:
        """The statements of the block are sent together where there is a server, after those that were to go ahead.

        Their rows are there after the block.
        """
        if not self.is_postgres or self._is_piping:
            yield
            return
        self._is_piping = True
        ahead, self._ahead = self._ahead, []
        try:
            with self._driver.pipeline():
                for statement, params, cursors in ahead:
                    cursors.append(self._send(statement, params))
                yield
        finally:
            self._is_piping = False

    def _send(self, statement: Sql, params: Mapping[str, Any]) -> Any:
        return self._driver.execute(statement.postgres, bind(params, is_postgres=True))

    @property
    def _driver(self) -> Any:
        return self._raw.driver_connection

    def insert_last(self, kind: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
        """As `insert`, but at the end of the transaction, together with all others that are put off.

        Rows of one table go together, after the other tables' rows that were put off before the last of them.
        """
        if rows:
            self._put_off.append((kind, rows))

    def flush(self) -> None:
        """Write what is still to be written."""
        if self._session is not None:
            self.session.flush()
        if self._put_off:
            with self._in_one_trip():
                self._insert_put_off()

    def finish(self) -> None:
        """Write what is still to be written and commit; on PostgreSQL in one round trip."""
        if self._session is not None:
            self.session.flush()
        try:
            with self._in_one_trip():
                self._insert_put_off()
                self._cursor.execute("COMMIT")
        except psycopg.OperationalError:
            self.is_unsure = self._driver.closed
            raise

    def _insert_put_off(self) -> None:
        merged: dict[type[SQLModel], list[Mapping[str, Any]]] = {}
        for kind, rows in self._put_off:
            merged[kind] = [*merged.pop(kind, []), *rows]
        self._put_off = []
        for kind, rows in merged.items():
            self.insert(kind, rows)

    def insert(self, kind: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows whose values are as stored (times as epoch seconds, JSON as text); all have the same keys."""
        if not rows:
            return
        table, names = find_table(kind), tuple(rows[0])
        with self._in_one_trip():
            if self.is_postgres:
                self._cursor.execute(_json_insert(table, names), [to_json(rows)])
            else:
                for block in _blocks(rows):
                    values = [row[name] for row in block for name in names]
                    self._cursor.execute(_values_insert(table.name, names, len(block)), values)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone alone where it raises; a session's failed flush has undone it all."""
        with self._in_one_trip():
            self._insert_put_off()  # or they could be written inside it, and be undone with it
            self._cursor.execute("SAVEPOINT part")
        effects = self.effects.copy()
        try:
            yield
        except BaseException as failure:
            self._put_off.clear()
            self._ahead.clear()
            self.effects = effects
            # Where the savepoint has gone with the transaction, why it did is what the caller must hear.
            with suppress(*STORE_FAILURES) if isinstance(failure, STORE_FAILURES) else nullcontext():
                self._cursor.execute("ROLLBACK TO SAVEPOINT part")
                self._cursor.execute("RELEASE SAVEPOINT part")
            if self._session is not None:
                self._session.expire_all()
            raise
        self._cursor.execute("RELEASE SAVEPOINT part")

    def close(self) -> None:
        """Give the cursor and the session back."""
        self._cursor.close()
        if self._session is not None:
            self._session.close()


def _blocks(rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The rows in blocks of 64, 32, ... 1, so that few statements serve any number of them.

    SQLite's driver lets other threads in at every step of a statement, and waits its turn to go on: a
    row a step would cost more in turns than in SQL.
    """
    begin, size = 0, LARGEST_BLOCK
    while begin < len(rows):
        while size > len(rows) - begin:
            size //= 2
        yield rows[begin : begin + size]
        begin += size


@cache
def _values_insert(table: str, names: tuple[str, ...], rows: int) -> str:
    marks = f"({', '.join('?' * len(names))})"
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([marks] * rows)}"


@cache
def _json_insert(table: Table, names: tuple[str, ...]) -> str:
    """One parameter for any number of rows: the driver takes longer over an array than the server over JSON."""
    columns = ", ".join(f"{name} {_postgres_type(table, name)}" for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM json_to_recordset(%s) AS new ({columns})"


def _postgres_type(table: Table, name: str) -> str:
    kind = table.columns[name].type
    if isinstance(kind, Boolean):
        return "boolean"
    if isinstance(kind, Integer):
        return "bigint"
    return "double precision" if isinstance(kind, (Float, Double, Instant)) else "text"
