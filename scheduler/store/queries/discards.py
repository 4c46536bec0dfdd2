"""Reads of what parties still have to delete."""

from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx

_PARTIES = make_sql(
    "SELECT id FROM party WHERE EXISTS (SELECT 1 FROM discard WHERE discard.party_id = party.id) ORDER BY id"
)
_TASKS = make_sql("SELECT task_id FROM discard WHERE party_id = :party ORDER BY task_id LIMIT :limit")


def list_discarding(tx: Tx) -> list[str]:
    """The parties that have something to delete."""
    return [row[0] for row in tx.run(_PARTIES)]


def list_discards(tx: Tx, party: str, *, limit: int) -> list[str]:
    """Tasks whose outputs and logs the party is to delete."""
    return [row[0] for row in tx.run(_TASKS, party=party, limit=limit)]
