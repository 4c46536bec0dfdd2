"""Writes that change what is stored of a job beside its states: labels, parameters, results."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import col, delete, select

from scheduler.domain.model import JsonObject, Retry
from scheduler.store.tables import JobRow, MetricRow, OutputRow, StepRow, TaskRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """How a step is to run from its next attempt on."""

    params: JsonObject
    overrides: Mapping[str, JsonObject]
    retry: Retry
    timeout_s: float | None


def put_label(tx: Tx, job: str, name: str, value: str) -> None:
    """Set a label of a job; the job must exist."""
    row = tx.session.get_one(JobRow, job)
    row.labels = {**row.labels, name: value}
    tx.session.add(row)


def change_steps(tx: Tx, job: str, changes: Mapping[str, StepChange], origin: JsonObject) -> None:
    """Replace parameters and retries of the named steps, and what the caller is said to have sent."""
    row = tx.session.get_one(JobRow, job)
    row.origin = dict(origin)
    tx.session.add(row)
    for step in tx.session.exec(select(StepRow).where(StepRow.job_id == job)).all():
        change = changes.get(step.name)
        if change is not None:
            step.params, step.overrides = dict(change.params), {key: dict(own) for key, own in change.overrides.items()}
            step.retry, step.timeout_s = _store_retry(change.retry), change.timeout_s
            tx.session.add(step)


def delete_results(tx: Tx, job: str, *, step: str = "", role: str = "", party: str = "") -> int:
    """Forget metrics, summaries, and outputs but for models, of a job's tasks; how many tasks that were.

    Empty names do not narrow.
    """
    query: Any = select(TaskRow).join(StepRow, col(StepRow.id) == TaskRow.step_id).where(TaskRow.job_id == job)
    for column, wanted in ((StepRow.name, step), (TaskRow.role, role), (TaskRow.party_id, party)):
        if wanted:
            query = query.where(column == wanted)
    tasks = tx.session.exec(query).all()
    ids = [task.id for task in tasks]
    tx.session.exec(delete(MetricRow).where(col(MetricRow.task_id).in_(ids)))
    tx.session.exec(delete(OutputRow).where(col(OutputRow.task_id).in_(ids), col(OutputRow.kind) != "model"))
    for task in tasks:
        task.summary = None
        tx.session.add(task)
    return len(tasks)


def _store_retry(retry: Retry) -> dict[str, Any]:
    return {**asdict(retry), "on": list(retry.on)}
