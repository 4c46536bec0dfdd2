"""Rows turned into the domain's frozen values, which may leave the transaction."""

from collections.abc import Mapping
from typing import Any, Final

from scheduler.domain.model import Component, Failure, Job, Party, Retry, Step, Task
from scheduler.domain.states import State
from scheduler.store.tables.jobs import JobRow, StepRow, TaskRow
from scheduler.store.tables.parties import PartyRow

_STATES: Final[Mapping[str, State]] = {str(state): state for state in State}
"""By what is stored: an enumeration's own look-up takes many times as long."""


def view_job(row: JobRow) -> Job:
    """A job as it is stored."""
    return Job(
        id=row.id,
        name=row.name,
        owner=row.owner,
        org=row.org,
        project=row.project,
        state=_STATES[row.state],
        reason=row.reason,
        priority=row.priority,
        dialect=row.dialect,
        roles={role: tuple(parties) for role, parties in row.roles.items()},
        labels=row.labels,
        created=row.created,
        started=row.started,
        ended=row.ended,
        deadline=row.deadline,
        stop_kind=_STATES[row.stop_kind] if row.stop_kind else None,
        stop_reason=row.stop_reason,
    )


def view_step(row: StepRow) -> Step:
    """A step as it is stored."""
    return Step(
        id=row.id,
        job_id=row.job_id,
        name=row.name,
        position=row.position,
        state=_STATES[row.state],
        reason=row.reason,
        run=row.run,
        needs=tuple(row.needs),
        inputs=row.inputs,
        params=row.params,
        overrides=row.overrides,
        retry=view_retry(row.retry),
        timeout_s=row.timeout_s,
        slots=row.slots,
        gang=row.gang,
        attempt=row.attempt,
        spent=row.spent,
        not_before=row.not_before,
        created=row.created,
        started=row.started,
        ended=row.ended,
    )


def view_retry(stored: Mapping[str, Any]) -> Retry:
    """A step's retry rule as it is stored."""
    return Retry(**{**stored, "on": tuple(stored["on"])})


def view_task(row: TaskRow, step: str) -> Task:
    """A task as it is stored, with its step's name."""
    return Task(
        id=row.id,
        job_id=row.job_id,
        step_id=row.step_id,
        step=step,
        role=row.role,
        party=row.party_id,
        position=row.position,
        attempt=row.attempt,
        seq=row.seq,
        state=_STATES[row.state],
        reason=row.reason,
        created=row.created,
        started=row.started,
        ended=row.ended,
        lease_until=row.lease_until,
        agent=row.agent,
        stop_kind=_STATES[row.stop_kind] if row.stop_kind else None,
        progress=row.progress,
        failure=Failure(**row.failure) if row.failure else None,
        summary=row.summary or {},
        log_size=row.log_size,
        service=row.service,
    )


def view_party(row: PartyRow) -> Party:
    """A party as it is stored."""
    return Party(
        id=row.id,
        org=row.org,
        slots=row.slots,
        drained=row.drained,
        created=row.created,
        last_seen=row.last_seen,
        agent=row.agent,
        version=row.version,
        facts=row.facts,
    )


def make_component(name: str, offer: Mapping[str, Any]) -> Component:
    """A component as its worker introduced it."""
    return Component(**{**offer, "name": name, "roles": tuple(offer.get("roles", ()))})
