"""Registration of data tables, after their party has stored or deleted them."""

from datetime import datetime

from scheduler.service.audit import Actor, note
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.tx import Tx
from scheduler.store.writes.access import delete_data_table, put_data_table


def record_table(tx: Tx, table: DataTable, *, by: Actor, now: datetime) -> DataTable:
    """Register a table that lies at its party now, in place of an older one of that name."""
    put_data_table(tx, table)
    note(tx, by, "put_table", f"{table.party}/{table.namespace}/{table.name}", now=now)
    return table


def drop_table(tx: Tx, party: str, namespace: str, name: str, *, by: Actor, now: datetime) -> None:
    """Forget a table; NotFoundError where there is none."""
    delete_data_table(tx, party, namespace, name)
    note(tx, by, "drop_table", f"{party}/{namespace}/{name}", now=now)
