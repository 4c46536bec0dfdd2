"""Rows read by plain statements: as the ORM's to a reader, at a third of their cost."""

from collections.abc import Callable, Sequence
from dataclasses import make_dataclass
from typing import Any, Generic, TypeVar, cast

import orjson
from sqlalchemy import Boolean
from sqlmodel import SQLModel

from scheduler.store.columns import Instant, Json, find_table, from_epoch
from scheduler.store.sql import Sql, make_sql

Row = TypeVar("Row", bound=SQLModel)


class PlainRows(Generic[Row]):
    """The rows of one table that one condition selects; they have the columns of `kind`, and nothing else of it."""

    def __init__(self, kind: type[Row], condition: str, *, without: Sequence[str] = ()) -> None:
        """`condition` is what follows WHERE, with the markers of `make_sql`; `without` names columns that nobody reads."""
        table = find_table(kind)
        columns = [column for column in table.columns if column.name not in without]
        names = [column.name for column in columns]
        self._make = make_dataclass(f"Plain{kind.__name__}", names, slots=True)
        parsers = [(place, _parser(column.type)) for place, column in enumerate(columns)]
        self._parsers = [(place, parse) for place, parse in parsers if parse is not None]
        self._statement = make_sql(f"SELECT {', '.join(names)} FROM {table.name} WHERE {condition}")

    def select(self, **params: Any) -> tuple[Sql, dict[str, Any]]:
        """The statement for `Tx.run_all`, which gives what `parse` takes."""
        return self._statement, params

    def parse(self, found: Sequence[tuple[Any, ...]]) -> list[Row]:
        """Those rows, as the condition orders them."""
        return [self._parse(values) for values in found]

    def _parse(self, values: tuple[Any, ...]) -> Row:
        parsed = list(values)
        for place, parse in self._parsers:
            if parsed[place] is not None:
                parsed[place] = parse(parsed[place])
        return cast(Row, self._make(*parsed))


def _parser(kind: Any) -> Callable[[Any], Any] | None:
    """What makes a column's value of what the driver gives; None where they are the same."""
    if isinstance(kind, Instant):
        return from_epoch
    if isinstance(kind, Json):
        return orjson.loads
    return bool if isinstance(kind, Boolean) else None
