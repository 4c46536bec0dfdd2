"""Reads about steps that cost workers their lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from scheduler.domain.model import Failure
from scheduler.domain.poison import Past
from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx

_PAST = make_sql(
    "SELECT mine.id, other.attempt, other.party_id, other.failure FROM task AS mine "
    "JOIN task AS other ON other.step_id = mine.step_id AND other.attempt < mine.attempt "
    "WHERE mine.id {in:tasks} AND other.failure IS NOT NULL"
)
_POISONED = make_sql(
    # The first condition is the partial index's own: of all steps only those that have not succeeded are looked at,
    # and SQLite keeps to the order of a cross join.
    "SELECT job.id, job.name, step.name, task.role, task.party_id, task.id, task.attempt, task.reason, task.ended "
    "FROM step CROSS JOIN job CROSS JOIN task WHERE step.state <> 'success' "
    "AND step.state IN ('failed', 'canceled', 'timeout') AND job.id = step.job_id AND job.project = :project "
    "AND task.step_id = step.id AND task.attempt = step.attempt "
    "AND task.state = 'failed' AND task.failure LIKE :kind ORDER BY task.ended DESC, task.id LIMIT :limit"
)
_KIND = '{"kind":"poison",%'


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonView:
    """A task that is kept for an operator."""

    job: str
    job_name: str
    step: str
    role: str
    party: str
    task: str
    attempt: int
    reason: str
    ended: datetime


def list_pasts(tx: Tx, tasks: Sequence[str]) -> dict[str, list[Past]]:
    """How tasks of earlier attempts of each task's step failed, at whatever party."""
    found: dict[str, list[Past]] = {task: [] for task in tasks}
    for task, attempt, party, failure in tx.run(_PAST, tasks=list(tasks)):
        found[task].append(Past(attempt=attempt, party=party, failure=Failure(**orjson.loads(failure))))
    return found


def list_poisoned(tx: Tx, *, project: str, limit: int) -> list[PoisonView]:
    """The project's tasks that wait for an operator, the latest first."""
    return [
        PoisonView(
            job=job,
            job_name=name,
            step=step,
            role=role,
            party=party,
            task=task,
            attempt=attempt,
            reason=reason,
            ended=datetime.fromtimestamp(ended, UTC),
        )
        for job, name, step, role, party, task, attempt, reason, ended in tx.run(
            _POISONED, project=project, kind=_KIND, limit=limit
        )
    ]
