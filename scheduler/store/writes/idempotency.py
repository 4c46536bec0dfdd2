"""Writes of idempotency keys."""

from collections.abc import Iterable
from datetime import datetime

from scheduler.store.columns import to_epoch
from scheduler.store.queries.idempotency import KeyUse
from scheduler.store.tables.jobs import IdempotencyRow
from scheduler.store.tx import Tx


def insert_keys(tx: Tx, uses: Iterable[KeyUse], now: datetime) -> None:
    """Note the uses; a key that another transaction has taken meanwhile makes this one fail."""
    rows = [
        {"owner": use.owner, "key": use.key, "digest": use.digest, "job_id": use.job, "created": to_epoch(now)}
        for use in uses
    ]
    tx.insert_last(IdempotencyRow, rows)
