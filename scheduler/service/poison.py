"""Steps that cost workers their lives: counted with each report of a death, kept, and given out again by operators."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from scheduler.domain.errors import ConflictError
from scheduler.domain.machine import choose_rerun
from scheduler.domain.model import Job, Step, Task
from scheduler.domain.poison import count_deaths, is_poisoned, judge_death
from scheduler.service.audit import Actor, note
from scheduler.service.jobs import reopen_job
from scheduler.service.limits import Patience
from scheduler.store.hot.report import ReportBy, Reported
from scheduler.store.queries.poison import list_pasts
from scheduler.store.tx import Tx
from scheduler.store.writes.deaths import note_death


def judge_deaths(tx: Tx, reports: Sequence[ReportBy], *, allowed: int) -> list[ReportBy]:
    """The reports, those of a step's last allowed death as poison; the jobs are locked already."""
    dead = [item.report.task for item in reports if item.report.worker_died]
    if not dead:
        return list(reports)
    pasts = list_pasts(tx, dead)
    return [_judge(item, count_deaths(pasts.get(item.report.task, ()), item.party), allowed) for item in reports]


def _judge(item: ReportBy, before: int, allowed: int) -> ReportBy:
    if not item.report.worker_died:
        return item
    return replace(item, report=judge_death(item.report, party=item.party, before=before, allowed=allowed))


def note_late_deaths(tx: Tx, reports: Sequence[ReportBy], reported: Reported) -> None:
    """Count also the deaths whose tasks were given up before the worker was back."""
    for item, reply in zip(reports, reported.replies, strict=True):
        if item.report.worker_died and not reply.accepted:
            note_death(tx, item.report, item.party)


def requeue_job(tx: Tx, job: str, *, by: Actor, now: datetime, patience: Patience) -> Job:
    """Give an ended job's poisoned steps out again, with all else that did not succeed; deaths count anew.

    ConflictError while the job is open, or where none of its steps is poison.
    """

    def choose(found: Job, steps: Sequence[Step], tasks: Sequence[Task]) -> Sequence[Step]:
        if not any(is_poisoned(task) for task in tasks):
            raise ConflictError(f"no step of job {job} is poison: use a rerun")
        return choose_rerun(found, steps, None)

    found = reopen_job(tx, job, choose, now=now, patience=patience)
    note(tx, by, "requeue_job", job, now=now)
    return found
