"""Writes of the registrations of data tables, which lie at their parties."""

from scheduler.domain.errors import NotFoundError
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.tables.parties import DataTableRow
from scheduler.store.tx import Tx


def put_data_table(tx: Tx, table: DataTable) -> None:
    """Register a table that its party has stored, in place of an older one of that name."""
    row = DataTableRow(
        party_id=table.party,
        namespace=table.namespace,
        name=table.name,
        owner=table.owner,
        rows=table.rows,
        columns=table.columns,
        size=table.size,
        sha256=table.sha256,
        facts=table.facts,
        created=table.created,
    )
    tx.session.merge(row)
    tx.session.flush()


def delete_data_table(tx: Tx, party: str, namespace: str, name: str) -> None:
    """Forget a table's registration."""
    row = tx.session.get(DataTableRow, (party, namespace, name))
    if row is None:
        raise NotFoundError("table", f"{namespace}/{name}", party=party)
    tx.session.delete(row)
    tx.session.flush()
