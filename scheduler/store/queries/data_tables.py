"""Reads of the registrations of data tables, which lie at their parties."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, cast
from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.queries.paging import Page, make_page, parse_cursor
from scheduler.store.tables.parties import DataTableRow
from scheduler.store.tx import Tx

DISABLED: Final = "disabled"
"""The fact of a table that no new job may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTable:
    """A data table at a party; `columns` are objects with name and type."""

    party: str
    namespace: str
    name: str
    owner: str
    rows: int
    columns: list[dict[str, Any]]
    size: int
    sha256: str
    facts: dict[str, Any]
    created: datetime

    @property
    def is_disabled(self) -> bool:
        """Whether no new job may read it."""
        return self.facts.get(DISABLED) is True


def get_data_table(tx: Tx, party: str, namespace: str, name: str) -> DataTable:
    """One table; NotFoundError where the party has none of that name."""
    row = tx.session.get(DataTableRow, (party, namespace, name))
    if row is None:
        raise NotFoundError("table", f"{namespace}/{name}", party=party)
    return _view(row)


def find_data_tables(tx: Tx, namespace: str, name: str, *, parties: Collection[str] | None = None) -> list[DataTable]:
    """The tables of that name at whichever parties (or at those given), by party."""
    query = select(DataTableRow).where(DataTableRow.namespace == namespace, DataTableRow.name == name)
    if parties is not None:
        query = query.where(col(DataTableRow.party_id).in_(list(parties)))
    return [_view(row) for row in tx.session.exec(query.order_by(col(DataTableRow.party_id))).all()]


def list_disabled_tables(tx: Tx) -> list[DataTable]:
    """Every table that no new job may read, by party, namespace and name."""
    query = (
        select(DataTableRow)
        .where(cast(DataTableRow.facts, Text).contains(f'"{DISABLED}"'))
        .order_by(col(DataTableRow.party_id), col(DataTableRow.namespace), col(DataTableRow.name))
    )
    return [table for row in tx.session.exec(query).all() if (table := _view(row)).is_disabled]


def list_data_tables(
    tx: Tx, *, party: str = "", namespace: str = "", after: str | None = None, limit: int = 50
) -> Page[DataTable]:
    """Tables by party, namespace and name."""
    order = (col(DataTableRow.party_id), col(DataTableRow.namespace), col(DataTableRow.name))
    query: Any = select(DataTableRow).order_by(*order).limit(limit + 1)
    if party:
        query = query.where(DataTableRow.party_id == party)
    if namespace:
        query = query.where(DataTableRow.namespace == namespace)
    key = parse_cursor(after, str, str, str)
    if key is not None:
        a, b, c = order
        query = query.where((a > key[0]) | ((a == key[0]) & ((b > key[1]) | ((b == key[1]) & (c > key[2])))))
    rows = tx.session.exec(query).all()
    return make_page(rows, limit, _view, lambda row: [row.party_id, row.namespace, row.name])


def _view(row: DataTableRow) -> DataTable:
    return DataTable(
        party=row.party_id,
        namespace=row.namespace,
        name=row.name,
        owner=row.owner,
        rows=row.rows,
        columns=row.columns,
        size=row.size,
        sha256=row.sha256,
        facts=row.facts,
        created=row.created,
    )
