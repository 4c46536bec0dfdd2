"""The core's values as replies."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from api.native import replies
from scheduler.domain.model import Job, Step, Task
from scheduler.domain.rollup import failure_of, first_failure, job_outcome
from scheduler.domain.states import HELD, TERMINAL, State
from scheduler.store.queries.credentials import ClientView, TokenView
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.queries.jobs import JobDetail, StepDetail
from scheduler.store.queries.parties import OfferView
from scheduler.store.queries.tracking import EventView, MetricView, OutputView, SummaryView, Where


def render_job(job: Job) -> replies.JobSummary:
    """A job without its steps."""
    return {
        "id": job.id,
        "name": job.name,
        "owner": job.owner,
        "project": job.project,
        "state": job.state,
        "reason": job.reason,
        "priority": job.priority,
        "dialect": job.dialect,
        "parties": {role: list(parties) for role, parties in job.roles.items()},
        "labels": dict(job.labels),
        "created": job.created,
        "started": job.started,
        "ended": job.ended,
        "deadline": job.deadline,
        "stopping": job.stop_kind is not None and job.state not in TERMINAL,
    }


def render_detail(detail: JobDetail) -> replies.JobReply:
    """A job with its steps."""
    return {**render_job(detail.job), "steps": [render_step(step) for step in detail.steps]}


def render_step(detail: StepDetail) -> replies.StepReply:
    """A step with the tasks of its present attempt."""
    step: Step = detail.step
    return {
        "id": step.id,
        "name": step.name,
        "state": step.state,
        "reason": step.reason,
        "run": dict(step.run),
        "needs": list(step.needs),
        "inputs": dict(step.inputs),
        "params": dict(step.params),
        "overrides": {target: dict(params) for target, params in step.overrides.items()},
        "attempt": step.attempt,
        "spent": step.spent,
        "attempts_allowed": step.retry.attempts,
        "timeout_s": step.timeout_s,
        "slots": step.slots,
        "gang": step.gang,
        "not_before": step.not_before,
        "started": step.started,
        "ended": step.ended,
        "tasks": [render_task(task) for task in detail.tasks],
    }


def render_task(task: Task) -> replies.TaskReply:
    """A task."""
    failure = task.failure
    return {
        "id": task.id,
        "job": task.job_id,
        "step": task.step,
        "role": task.role,
        "party": task.party,
        "position": task.position,
        "attempt": task.attempt,
        "seq": task.seq,
        "state": task.state,
        "reason": task.reason,
        "failure": {"kind": failure.kind, "message": failure.message, "detail": failure.detail} if failure else None,
        "progress": task.progress,
        "summary": dict(task.summary),
        "log_size": task.log_size,
        "started": task.started,
        "ended": task.ended,
    }


def render_attempt(number: int, tasks: Sequence[Task]) -> replies.AttemptReply:
    """One try of a step, as its tasks tell it."""
    started = [task.started for task in tasks if task.started]
    ended = [task.ended for task in tasks if task.ended]
    state = _state_of(tasks)
    broken = first_failure(tasks) if state in TERMINAL and state is not State.SUCCESS else None
    return {
        "attempt": number,
        "state": state,
        "reason": f"{broken.role} {broken.party}: {failure_of(broken).message}" if broken else "",
        "started": min(started, default=None),
        "ended": max(ended, default=None) if state in TERMINAL else None,
        "tasks": [render_task(task) for task in tasks],
    }


def _state_of(tasks: Sequence[Task]) -> State:
    states = [task.state for task in tasks]
    outcome = job_outcome(states, None) if states else None
    if outcome is not None:
        return outcome
    if any(state in HELD or state in TERMINAL for state in states):
        return State.RUNNING
    return State.DISPATCHED if State.DISPATCHED in states else State.WAITING


def render_event(event: EventView) -> replies.EventReply:
    """A change of state."""
    return {
        "id": event.id,
        "level": event.level,
        "event": event.event,
        "job": event.job,
        "step": event.step,
        "task": event.task,
        "role": event.role,
        "party": event.party,
        "attempt": event.attempt,
        "state": event.state,
        "reason": event.reason,
        "at": event.at,
    }


def _join(where: Where, own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "step": where.step,
        "role": where.role,
        "party": where.party,
        "attempt": where.attempt,
        "task": where.task,
        **own,
    }


def render_metric(metric: MetricView) -> replies.MetricReply:
    """A point of a curve."""
    own = {"name": metric.name, "x": metric.x, "value": metric.value, "at": metric.at}
    return cast("replies.MetricReply", _join(metric.where, own))


def render_summary(summary: SummaryView) -> replies.SummaryReply:
    """A task's figures."""
    return cast("replies.SummaryReply", _join(summary.where, {"values": summary.values}))


def render_output(output: OutputView) -> replies.OutputReply:
    """An output at its party."""
    own = {
        "name": output.name,
        "kind": output.kind,
        "size": output.size,
        "sha256": output.sha256,
        "facts": output.facts,
    }
    return cast("replies.OutputReply", _join(output.where, own))


def render_table(table: DataTable) -> replies.TableReply:
    """A data table at its party."""
    return {
        "party": table.party,
        "namespace": table.namespace,
        "name": table.name,
        "rows": table.rows,
        "columns": [{"name": str(item.get("name")), "type": str(item.get("type", ""))} for item in table.columns],
        "size": table.size,
        "sha256": table.sha256,
        "created": table.created,
        "owner": table.owner,
        "facts": table.facts,
    }


def render_component(offer: OfferView) -> replies.ComponentReply:
    """What a step may run."""
    component = offer.component
    return {
        "name": component.name,
        "summary": component.summary,
        "params": dict(component.params),
        "inputs": dict(component.inputs),
        "outputs": dict(component.outputs),
        "roles": list(component.roles),
        "exchange": component.exchange,
        "parties": list(offer.parties),
    }


def render_client(client: ClientView) -> replies.ClientReply:
    """A client's credential without its secret."""
    return {
        "id": client.id,
        "name": client.name,
        "role": client.role,
        "org": client.org,
        "project": client.project,
        "created": client.created,
        "expires": client.expires,
        "revoked": client.revoked,
    }


def render_token(token: TokenView) -> replies.TokenReply:
    """A credential without its secret."""
    return {
        "id": token.id,
        "kind": token.kind,
        "name": token.name,
        "role": token.role or None,
        "org": token.org,
        "project": token.project,
        "party": token.party,
        "created": token.created,
        "expires": token.expires,
        "last_used": token.last_used,
        "revoked": token.revoked,
    }
