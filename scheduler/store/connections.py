"""Warm connections: the driver's own, the last one used first.

SQLAlchemy's way out of its pool and back, with a transaction of its own around ours, took a third of the writer's time.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import Connection, Engine, PoolProxiedConnection, event

_OURS: Final = "fedrota"
"""Marks a connection whose transactions begin and end by our own statements."""


class Connections:
    """Those of one engine's pool that wait for their next transaction; safe to share between threads.

    Writers and readers have their own: a writer finds its statements prepared and its pages cached.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_postgres = engine.dialect.name == "postgresql"
        self._idle: dict[bool, list[PoolProxiedConnection]] = {False: [], True: []}
        if not self._is_postgres:
            event.listen(engine, "begin", _begin)

    @contextmanager
    def take(self, *, for_write: bool) -> Iterator[PoolProxiedConnection]:
        """A connection for one transaction, which has ended with the block; where it raises, nothing of it is left."""
        idle = self._idle[for_write]
        try:
            raw = idle.pop()
        except IndexError:
            raw = self._adopt()
        try:
            yield raw
        except BaseException:
            self._give_back(raw)
            raise
        idle.append(raw)

    def close(self) -> None:
        """Give all that wait back to the pool."""
        for idle in self._idle.values():
            while idle:
                self._give_back(idle.pop())

    def _adopt(self) -> PoolProxiedConnection:
        raw = self._engine.raw_connection()
        raw.info[_OURS] = True
        if self._is_postgres:
            # The driver would wait for its own BEGIN; ours goes with the first statement.
            _driver(raw).autocommit = True
        return raw

    def _give_back(self, raw: PoolProxiedConnection) -> None:
        """Undo what is open; where that fails the server has gone away, and every other connection with it."""
        try:
            raw.rollback()
            if self._is_postgres:
                _driver(raw).autocommit = False
        except (psycopg.Error, sqlite3.Error):
            self._drop(raw)
        else:
            del raw.info[_OURS]
            raw.close()

    def _drop(self, broken: PoolProxiedConnection) -> None:
        broken.invalidate()
        for idle in self._idle.values():
            while idle:
                idle.pop().invalidate()
        self._engine.dispose()


def _driver(raw: PoolProxiedConnection) -> psycopg.Connection:
    connection = raw.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101  only called for PostgreSQL
    return connection


def _begin(connection: Connection) -> None:
    """Begin for those who come through SQLAlchemy, unless it is inside a transaction of ours."""
    if not connection.info.get(_OURS):
        connection.exec_driver_sql("BEGIN")
