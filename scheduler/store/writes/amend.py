"""Writes that change what is stored of a job beside its states: labels, parameters, results."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import col, delete, select, update

from scheduler.domain.model import JsonObject, Retry
from scheduler.store.sql import make_sql
from scheduler.store.tables.jobs import JobRow, MetricRow, OutputRow, StepRow, TaskRow
from scheduler.store.tx import Tx

_DELETE_METRICS = make_sql("DELETE FROM metric WHERE job_id {in:jobs}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """How a step is to run from its next attempt on."""

    params: JsonObject
    overrides: Mapping[str, JsonObject]
    retry: Retry
    timeout_s: float | None


def put_label(tx: Tx, job: str, name: str, value: str) -> None:
    """Set a label of a job; the job must exist."""
    labels = tx.session.exec(select(JobRow.labels).where(JobRow.id == job)).one()
    tx.session.exec(update(JobRow).where(col(JobRow.id) == job).values(labels={**labels, name: value}))


def change_steps(tx: Tx, job: str, changes: Mapping[str, StepChange], origin: JsonObject) -> None:
    """Replace parameters and retries of the named steps, and what the caller is said to have sent."""
    tx.session.exec(update(JobRow).where(col(JobRow.id) == job).values(origin=dict(origin)))
    for name, change in changes.items():
        tx.session.exec(
            update(StepRow)
            .where(col(StepRow.job_id) == job, col(StepRow.name) == name)
            .values(
                params=dict(change.params),
                overrides={key: dict(own) for key, own in change.overrides.items()},
                retry=_store_retry(change.retry),
                timeout_s=change.timeout_s,
            )
        )


def delete_results(tx: Tx, job: str, *, step: str = "", role: str = "", party: str = "") -> int:
    """Forget metrics, summaries, and outputs but for models, of a job's tasks; how many tasks that were.

    Empty names do not narrow.
    """
    tasks = _list_tasks(tx, job, step=step, role=role, party=party)
    tx.session.exec(delete(MetricRow).where(col(MetricRow.task_id).in_(tasks)))
    tx.session.exec(delete(OutputRow).where(col(OutputRow.task_id).in_(tasks), col(OutputRow.kind) != "model"))
    tx.session.exec(update(TaskRow).where(col(TaskRow.id).in_(tasks)).values(summary=None))
    return len(tasks)


def delete_curves(tx: Tx, job: str, *, step: str, role: str, party: str) -> int:
    """Forget the points of one task's curves; how many tasks that were."""
    tasks = _list_tasks(tx, job, step=step, role=role, party=party)
    tx.session.exec(delete(MetricRow).where(col(MetricRow.task_id).in_(tasks)))
    return len(tasks)


def delete_metrics(tx: Tx, jobs: Sequence[str]) -> None:
    """Delete every point of the curves of these jobs, however many they are."""
    tx.run(_DELETE_METRICS, jobs=list(jobs))


def delete_models(tx: Tx, job: str, *, step: str, role: str, party: str) -> int:
    """Forget the models that one task left; how many outputs that were."""
    tasks = _list_tasks(tx, job, step=step, role=role, party=party)
    mine = (col(OutputRow.task_id).in_(tasks), col(OutputRow.kind) == "model")
    found = tx.session.exec(select(OutputRow.name).where(*mine)).all()
    tx.session.exec(delete(OutputRow).where(*mine))
    return len(found)


def _list_tasks(tx: Tx, job: str, *, step: str, role: str, party: str) -> list[str]:
    query: Any = select(TaskRow.id).join(StepRow, col(StepRow.id) == TaskRow.step_id).where(TaskRow.job_id == job)
    for column, wanted in ((StepRow.name, step), (TaskRow.role, role), (TaskRow.party_id, party)):
        if wanted:
            query = query.where(column == wanted)
    return list(tx.session.exec(query).all())


def _store_retry(retry: Retry) -> dict[str, Any]:
    return {**asdict(retry), "on": list(retry.on)}
