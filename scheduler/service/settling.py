"""Bring a job to the state that follows from its parts and the time."""

import random
from datetime import datetime

from scheduler.domain.machine import Limits, settle
from scheduler.service.limits import Patience
from scheduler.store.queries.snapshots import find_snapshot
from scheduler.store.tx import Tx
from scheduler.store.writes.moves import apply_settlement

MAX_ROUNDS = 8


class UnsettledJobError(Exception):
    """A job keeps asking for more moves: a defect of the state machine."""


def settle_job(tx: Tx, job: str, *, now: datetime, patience: Patience) -> None:
    """Make every move that is due in `job`, whose row the caller has locked."""
    limits = Limits(offline_grace_s=patience.offline_grace_s)
    for _ in range(MAX_ROUNDS):
        snapshot = find_snapshot(tx, job)
        if snapshot is None:
            return
        found, steps, tasks = snapshot
        due = settle(found, steps, tasks, now=now, limits=limits, draw=random.random())
        if due.is_empty:
            return
        apply_settlement(tx, found, due, now)
    raise UnsettledJobError(job)
