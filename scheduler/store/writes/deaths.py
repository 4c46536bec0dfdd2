"""Writes about workers that died and told of it too late."""

from dataclasses import asdict, replace

from scheduler.domain.messages import Report
from scheduler.domain.model import Failure
from scheduler.domain.states import TERMINAL, State
from scheduler.store.tables.jobs import TaskRow
from scheduler.store.tx import Tx


def note_death(tx: Tx, report: Report, party: str) -> None:
    """Keep that a worker died, though its task was given up before it could say so; the task's state stays.

    Nothing where the report is not about the dispatch that ended, or where the task succeeded.
    """
    row = tx.session.get(TaskRow, report.task, populate_existing=True)
    if row is None or (row.party_id, row.seq) != (party, report.seq):
        return
    if State(row.state) not in TERMINAL or row.state == State.SUCCESS:
        return
    known = Failure(**row.failure) if row.failure else Failure(kind=report.kind, message=row.reason)
    row.failure = asdict(replace(known, worker_died=True))
    tx.session.add(row)
    tx.session.flush()
