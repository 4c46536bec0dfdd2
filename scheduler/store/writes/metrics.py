"""Writes about the points of curves."""

from collections.abc import Sequence
from typing import Final

from sqlmodel import col, delete

from scheduler.store.tables.jobs import MetricRow
from scheduler.store.tx import Tx

GROUP: Final = 500
"""So many values fit one statement of every database."""


def delete_metrics(tx: Tx, jobs: Sequence[str]) -> None:
    """Delete every point of these jobs."""
    for start in range(0, len(jobs), GROUP):
        tx.session.exec(delete(MetricRow).where(col(MetricRow.job_id).in_(jobs[start : start + GROUP])))
