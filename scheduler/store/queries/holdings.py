"""Reads of who holds slots at the moment."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, func, select

from scheduler.domain.states import HELD, State
from scheduler.store.tables.jobs import JobRow, TaskRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The slots that a job's tasks hold at one party in one role."""

    job: str
    role: str
    party: str
    slots: int


def list_holdings(tx: Tx, *, project: str, job: str = "") -> list[Holding]:
    """What the jobs of a project (or one of them) hold, by job, role and party."""
    place = (col(TaskRow.job_id), col(TaskRow.role), col(TaskRow.party_id))
    takes_slots = col(TaskRow.state).in_([str(state) for state in HELD]) | (
        (col(TaskRow.state) == str(State.DISPATCHED)) & col(TaskRow.gang)
    )
    query: Any = (
        select(*place, func.sum(TaskRow.slots))
        .join(JobRow, col(JobRow.id) == col(TaskRow.job_id))
        .where(JobRow.project == project, takes_slots)
        .group_by(*place)
        .order_by(*place)
    )
    if job:
        query = query.where(TaskRow.job_id == job)
    return [Holding(job=row[0], role=row[1], party=row[2], slots=int(row[3])) for row in tx.session.exec(query).all()]
