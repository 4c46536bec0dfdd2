"""Column types that mean the same on SQLite and PostgreSQL, and the fields of rows that are made of them."""

from datetime import UTC, datetime
from typing import Any, Final, cast

import orjson
from sqlalchemy import BigInteger, Column, Dialect, Double, ForeignKey, Integer, Table, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

WIDE: Final = BigInteger().with_variant(Integer, "sqlite")
"""A whole number of 64 bits, as every one of SQLite's is."""


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


def instant(*, null: bool = True) -> Any:
    """A field for an aware UTC time."""
    return Field(default=None, sa_column=Column(Instant, nullable=null))


def json_value(*, null: bool = False) -> Any:
    """A field for a JSON value."""
    return Field(default=None, sa_column=Column(Json, nullable=null))


def number() -> Any:
    """A field for the row's own number, which the database gives; later rows have greater ones."""
    return Field(default=None, sa_column=Column(WIDE, primary_key=True, autoincrement=True))


def amount(default: Any = ...) -> Any:
    """A field for a number that may need 64 bits, such as a size in bytes."""
    return Field(default=default, sa_column=Column(BigInteger, nullable=False))


def belongs_to(target: str) -> Any:
    """A field for the key of the row, as `table.column`, that this one goes with."""
    return Field(sa_column=Column(Text, ForeignKey(target, ondelete="CASCADE"), nullable=False))


def part_of(target: str) -> Any:
    """As `belongs_to`, where it is also a part of this row's own key."""
    return Field(sa_column=Column(Text, ForeignKey(target, ondelete="CASCADE"), primary_key=True))
