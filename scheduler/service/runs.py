"""Runs of stored definitions: each is a job, and a definition has at most one open run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from scheduler.domain.access import Principal
from scheduler.domain.errors import ConflictError, FedrotaError
from scheduler.domain.model import Job, Submission
from scheduler.domain.states import TERMINAL
from scheduler.service.jobs import Submitted, request_stop, submit_jobs
from scheduler.service.limits import Patience
from scheduler.service.open_jobs import OpenJobs
from scheduler.service.templates import TemplateText, change_template, forget_template
from scheduler.store.queries.jobs import list_job_details
from scheduler.store.queries.templates import Template, get_template
from scheduler.store.tx import Tx
from scheduler.store.work import complete
from scheduler.store.writes.templates import lock_template, put_template

LAST_RUN: Final = "job"
"""Under this key a definition's body names the job of its latest run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Names a stored definition."""

    id: str
    kind: str
    project: str


def start_run(
    tx: Tx, definition: Definition, submission: Submission, *, now: datetime, open_jobs_per_user: int
) -> Submitted:
    """Submit a run of a definition; ConflictError while the one before is open and not being stopped."""
    found = _lock(tx, definition)
    if find_open_run(tx, found) is not None:
        raise ConflictError(f"{definition.kind} {definition.id} runs already")
    answer = complete(submit_jobs(tx, [submission], now=now, open_jobs=OpenJobs(open_jobs_per_user)))[0]
    if isinstance(answer, FedrotaError):
        raise answer
    put_template(tx, replace(found, body={**found.body, LAST_RUN: answer.job}))
    return answer


def stop_run(tx: Tx, definition: Definition, *, reason: str, now: datetime, patience: Patience) -> Job:
    """Stop the open run of a definition; ConflictError where there is none."""
    run = find_open_run(tx, _lock(tx, definition))
    if run is None:
        raise ConflictError(f"{definition.kind} {definition.id} does not run")
    return request_stop(tx, run.id, reason=reason, now=now, patience=patience)


def change_definition(
    tx: Tx, definition: Definition, *, name: str, body: Mapping[str, Any], by: Principal, now: datetime
) -> Template:
    """Change a definition, also while it runs: the change counts from the next run on."""
    found = _lock(tx, definition)
    kept = {key: value for key, value in found.body.items() if key == LAST_RUN}
    text = TemplateText(kind=definition.kind, name=name, body={**body, **kept})
    return change_template(tx, definition.id, text, by=by, now=now)


def forget_definition(tx: Tx, definition: Definition, *, by: Principal) -> None:
    """Delete a definition; its runs stay. ConflictError while one is open and not being stopped."""
    if find_open_run(tx, _lock(tx, definition)) is not None:
        raise ConflictError(f"{definition.kind} {definition.id} runs: stop it first")
    forget_template(tx, definition.id, definition.kind, by=by)


def find_open_run(tx: Tx, definition: Template) -> Job | None:
    """The definition's run that is open and not being stopped, or None."""
    job = definition.body.get(LAST_RUN)
    detail = list_job_details(tx, [job]).get(job) if isinstance(job, str) else None
    if detail is None or detail.job.state in TERMINAL or detail.job.stop_kind is not None:
        return None
    return detail.job


def _lock(tx: Tx, definition: Definition) -> Template:
    lock_template(tx, definition.id)
    return get_template(tx, definition.project, definition.kind, definition.id)
