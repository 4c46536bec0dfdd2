"""Counts of jobs by state, for figures that are shown again and again."""

from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx

_OPEN = make_sql("SELECT state, COUNT(*) FROM job WHERE state IN ('waiting', 'running') GROUP BY state")
_ENDED = make_sql(
    "SELECT state, COUNT(*) FROM job WHERE state IN ('success', 'failed', 'canceled', 'timeout') GROUP BY state"
)


def count_open(tx: Tx) -> dict[str, int]:
    """Open jobs by state; reads only the index of open jobs."""
    return {row[0]: int(row[1]) for row in tx.run(_OPEN)}


def count_ended(tx: Tx) -> dict[str, int]:
    """Ended jobs by state; reads the whole table, so ask seldom."""
    return {row[0]: int(row[1]) for row in tx.run(_ENDED)}
