"""A job with its steps and the tasks of their present attempts: what the state machine looks at."""

from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from scheduler.domain.machine import TIMEOUT_GRACE_S
from scheduler.domain.model import Job, Step, Task
from scheduler.store.columns import to_epoch
from scheduler.store.queries.jobs import LEAN
from scheduler.store.sql import make_sql
from scheduler.store.tables.jobs import JobRow, StepRow, TaskRow
from scheduler.store.tx import Tx
from scheduler.store.views import view_job, view_step, view_task

# Conditions on `state` that stand before narrower ones are those of partial indexes: SQLite uses an index
# only where its condition is there word for word.
_DUE = make_sql(
    "SELECT job_id FROM task WHERE state IN ('dispatched', 'running', 'lost_contact') AND state <> 'dispatched' "
    "AND lease_until <= :now AND (state = 'running' OR stop_kind IS NOT NULL OR lease_until <= :given_up) "
    "UNION SELECT task.job_id FROM task JOIN step ON step.id = task.step_id "
    "WHERE task.state IN ('dispatched', 'running', 'lost_contact') AND task.state <> 'dispatched' "
    "AND task.stop_kind IS NULL AND task.started + step.timeout_s <= :overtime "
    "AND (task.state = 'running' OR task.lease_until <= :overtime) "
    "UNION SELECT job_id FROM step WHERE state = 'waiting' AND not_before IS NOT NULL AND not_before <= :now "
    "UNION SELECT id FROM job WHERE state IN ('waiting', 'running') AND stop_kind IS NULL AND deadline <= :now"
)
_UNSETTLED = make_sql(
    # Open steps all of whose tasks have ended.
    "SELECT step.job_id FROM step WHERE step.state <> 'success' AND step.state IN ('dispatched', 'running') AND NOT EXISTS "
    "(SELECT 1 FROM task WHERE task.step_id = step.id AND task.attempt = step.attempt "
    "AND task.state NOT IN ('success', 'failed', 'canceled', 'timeout')) "
    # Waiting steps all of whose needs are met, and steps that a stopping job has left.
    "UNION SELECT step.job_id FROM step JOIN job ON job.id = step.job_id WHERE step.state <> 'success' "
    "AND step.state = 'waiting' AND step.not_before IS NULL AND job.state IN ('waiting', 'running') AND NOT EXISTS "
    "(SELECT 1 FROM dep JOIN step AS need ON need.id = dep.needs WHERE dep.step_id = step.id AND need.state <> 'success') "
    "UNION SELECT id FROM job WHERE state IN ('waiting', 'running') AND stop_kind IS NOT NULL "
    # Members that only serve and began when the others had succeeded.
    "UNION SELECT task.job_id FROM task WHERE task.state IN ('dispatched', 'running', 'lost_contact') "
    "AND task.service AND task.state <> 'dispatched' AND task.stop_kind IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM task AS other WHERE other.step_id = task.step_id "
    "AND other.attempt = task.attempt AND NOT other.service AND other.state <> 'success') "
    # Open jobs none of whose steps is open.
    "UNION SELECT job.id FROM job WHERE job.state IN ('waiting', 'running') AND NOT EXISTS (SELECT 1 FROM step "
    "WHERE step.job_id = job.id AND step.state NOT IN ('success', 'failed', 'canceled', 'timeout'))"
)


def find_snapshot(tx: Tx, job: str) -> tuple[Job, list[Step], list[Task]] | None:
    """The job, its steps in plan order and the tasks of each one's present attempt; None if there is no such job."""
    session = tx.session
    options = {"populate_existing": True}
    row = session.get(JobRow, job, populate_existing=True, options=LEAN)
    if row is None:
        return None
    steps = session.exec(
        select(StepRow).where(StepRow.job_id == job).order_by(col(StepRow.position)),
        execution_options=options,
    ).all()
    step = aliased(StepRow)
    tasks = session.exec(
        select(TaskRow, step.name)
        .join(step, (col(step.id) == TaskRow.step_id) & (step.attempt == TaskRow.attempt))
        .where(TaskRow.job_id == job)
        .order_by(col(TaskRow.member)),
        execution_options=options,
    ).all()
    return view_job(row), [view_step(item) for item in steps], [view_task(task, name) for task, name in tasks]


def list_due_jobs(tx: Tx, *, now: datetime, offline_grace_s: float) -> list[str]:
    """Jobs in which a lease, a timeout, a pause or a deadline has run out."""
    at = to_epoch(now)
    return sorted(row[0] for row in tx.run(_DUE, now=at, given_up=at - offline_grace_s, overtime=at - TIMEOUT_GRACE_S))


def list_unsettled_jobs(tx: Tx) -> list[str]:
    """Jobs whose stored state does not follow from that of their parts: none, unless a write was missed."""
    return sorted(row[0] for row in tx.run(_UNSETTLED))
