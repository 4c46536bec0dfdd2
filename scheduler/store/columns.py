"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any, cast

import orjson
from sqlalchemy import Dialect, Double, Table, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


def to_epoch(at: datetime) -> float:
    """Seconds since 1970 of an aware time: how every time is stored."""
    return at.timestamp()


def from_epoch(at: float | None) -> datetime | None:
    """The aware UTC time that a stored number means."""
    return None if at is None else datetime.fromtimestamp(at, UTC)


def to_json(value: Any) -> str:
    """JSON text as it is stored."""
    return orjson.dumps(value).decode()


def find_table(kind: type[SQLModel]) -> Table:
    """The table of a kind of rows; SQLModel makes it and does not declare it."""
    return cast(Table, vars(kind)["__table__"])


class Instant(TypeDecorator[datetime]):
    """An aware UTC time, stored as seconds since 1970: sorts, subtracts and compares alike everywhere."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else to_epoch(value)

    def process_result_value(self, value: float | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        return from_epoch(value)


class Json(TypeDecorator[Any]):
    """A JSON value, stored as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """From the database."""
        return None if value is None else orjson.loads(value)
