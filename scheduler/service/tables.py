"""Registration of data tables, after their party has stored or deleted them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from scheduler.service.audit import Actor, note
from scheduler.store.queries.data_tables import DISABLED, DataTable, get_data_table
from scheduler.store.tx import Tx
from scheduler.store.writes.data_tables import delete_data_table, put_data_table


def record_table(tx: Tx, table: DataTable, *, by: Actor, now: datetime) -> DataTable:
    """Register a table that lies at its party now, in place of an older one of that name."""
    put_data_table(tx, table)
    note(tx, by, "put_table", f"{table.party}/{table.namespace}/{table.name}", now=now)
    return table


def drop_table(tx: Tx, party: str, namespace: str, name: str, *, by: Actor, now: datetime) -> None:
    """Forget a table; NotFoundError where there is none."""
    delete_data_table(tx, party, namespace, name)
    note(tx, by, "drop_table", f"{party}/{namespace}/{name}", now=now)


def note_table(tx: Tx, party: str, namespace: str, name: str, *, facts: Mapping[str, Any]) -> DataTable:
    """Put more facts beside those of a table; NotFoundError where there is none."""
    table = get_data_table(tx, party, namespace, name)
    changed = replace(table, facts={**table.facts, **facts})
    put_data_table(tx, changed)
    return changed


def disable_table(tx: Tx, table: DataTable, *, is_disabled: bool, by: Actor, now: datetime) -> DataTable:
    """Keep jobs that are submitted from now on from reading the table, or let them again."""
    note(
        tx,
        by,
        "disable_table" if is_disabled else "enable_table",
        f"{table.party}/{table.namespace}/{table.name}",
        now=now,
    )
    return note_table(tx, table.party, table.namespace, table.name, facts={DISABLED: is_disabled})
