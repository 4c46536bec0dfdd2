"""What users do with jobs: submit, stop, rerun, clone, delete."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from scheduler.domain.errors import BusyError, ConflictError, FedrotaError, KeyTakenError, NotFoundError
from scheduler.domain.machine import StopJob, choose_rerun
from scheduler.domain.model import Job, Step, Submission, Task
from scheduler.domain.plan import Draft, StepDraft
from scheduler.domain.poison import check_rerun
from scheduler.domain.states import TERMINAL, State
from scheduler.domain.values import valueclass
from scheduler.service.ids import new_job_id
from scheduler.service.limits import Patience
from scheduler.service.open_jobs import OpenJobs
from scheduler.service.settling import settle_job
from scheduler.store.hot.submit import NewJob, insert_jobs
from scheduler.store.queries.attachments import find_blobs, list_attachments
from scheduler.store.queries.counts import Person, count_open_jobs
from scheduler.store.queries.idempotency import KeyUse, find_keys, name_keeper
from scheduler.store.queries.jobs import find_opened, get_job, get_origin
from scheduler.store.queries.models import find_borrowed, list_needing
from scheduler.store.queries.old_jobs import list_read_jobs
from scheduler.store.queries.snapshots import find_snapshot
from scheduler.store.tx import Tx
from scheduler.store.work import Work, both
from scheduler.store.writes.attachments import insert_attachments
from scheduler.store.writes.idempotency import insert_keys
from scheduler.store.writes.models import insert_trained
from scheduler.store.writes.moves import lock_jobs, rerun_job, stop_job
from scheduler.store.writes.removal import delete_jobs

Choose = Callable[[Job, Sequence[Step], Sequence[Task]], Sequence[Step]]
"""(job, its steps, its tasks) -> the steps that shall run again."""


@valueclass(frozen=True, slots=True)
class Submitted:
    """The job that a submission made, or the one that an earlier submit with the same key made."""

    job: str
    is_new: bool


def submit_jobs(
    tx: Tx, submissions: Sequence[Submission], *, now: datetime, open_jobs: OpenJobs
) -> Work[list[Submitted | FedrotaError]]:
    """Store a group of submissions; an answer for each, in order.

    ConflictError: the key was used for another document. BusyError: the owner has too many open jobs.
    """
    keyed = [(_keeper(item), item.idempotency_key) for item in submissions if item.idempotency_key]
    due = open_jobs.find_due(map(_person, submissions), now=now)
    owners = {name for name, _, _ in due}
    known, counted = yield from both(find_keys(tx, keyed), count_open_jobs(tx, owners))
    open_jobs.note(due, counted, now=now)
    digests = _digest_all(tx, submissions)
    answers: list[Submitted | FedrotaError] = []
    new: list[NewJob] = []
    uses: list[KeyUse] = []
    for item, digest in zip(submissions, digests, strict=True):
        answer = _answer_repeat(item, digest, known)
        if answer is None and not open_jobs.admit(_person(item)):
            answer = _too_many(item.owner, open_jobs.limit)
        if answer is None:
            job = new_job_id(now)
            new.append(NewJob(job, item))
            uses += _use_key(item, digest, job, known)
            answer = Submitted(job, is_new=True)
        answers.append(answer)
    if new:
        insert_jobs(tx, new, now)
        insert_trained(tx, new, now)
        insert_keys(tx, uses, now)
        insert_attachments(tx, [(job.id, job.submission.attachments) for job in new if job.submission.attachments])
    return answers


def _use_key(item: Submission, digest: str, job: str, known: dict[tuple[str, str], KeyUse]) -> list[KeyUse]:
    if not item.idempotency_key:
        return []
    use = KeyUse(_keeper(item), item.idempotency_key, digest, job)
    known[use.owner, use.key] = use
    return [use]


def _person(item: Submission) -> Person:
    return item.owner, item.org, item.project


def _keeper(item: Submission) -> str:
    return name_keeper(org=item.org, project=item.project, owner=item.owner)


def _answer_repeat(
    item: Submission, digest: str, known: Mapping[tuple[str, str], KeyUse]
) -> Submitted | FedrotaError | None:
    use = known.get((_keeper(item), item.idempotency_key or ""))
    if use is None:
        return None
    if use.digest != digest:
        return KeyTakenError(use.key, use.job)
    return Submitted(use.job, is_new=False)


def _digest_all(tx: Tx, submissions: Sequence[Submission]) -> list[str]:
    """A digest for each that has a key: the same document with the same files has the same, though uploaded anew."""
    keyed = [item for item in submissions if item.idempotency_key and not item.fingerprint]
    files = {blob for item in keyed for blob in item.attachments.values()}
    contents = {blob.id: blob.sha256 for blob in find_blobs(tx, files).values()} if files else {}
    return [_digest(item, contents) if item.idempotency_key else "" for item in submissions]


def _digest(item: Submission, contents: Mapping[str, str]) -> str:
    said = dict(item.origin)
    if item.fingerprint:
        said["fingerprint"] = item.fingerprint
    elif item.attachments:
        said["attachments"] = {name: contents.get(blob, blob) for name, blob in item.attachments.items()}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _too_many(owner: str, limit: int) -> BusyError:
    return BusyError(f"{owner} has {limit} open jobs, which is the limit: wait for some to end", retry_after_s=5.0)


def request_stop(tx: Tx, job: str, *, reason: str, now: datetime, patience: Patience) -> Job:
    """Stop an open job: what waits is canceled at once, what runs is told to end.

    Asking again changes nothing. ConflictError where the job has ended.
    """
    lock_jobs(tx, [job])
    found = get_job(tx, job)
    if found.state in TERMINAL:
        raise ConflictError(f"job {job} has ended already, as {found.state}")
    stop_job(tx, job, StopJob(kind=State.CANCELED, reason=reason), now)
    settle_job(tx, job, now=now, patience=patience)
    return get_job(tx, job)


def request_rerun(
    tx: Tx, job: str, *, from_step: str | Sequence[str] | None, now: datetime, patience: Patience
) -> Job:  # fmt: skip
    """Open an ended job again: its unsuccessful steps, or everything from `from_step` on, get a new attempt.

    ConflictError while it is open, or where one of those steps is poison.
    """

    def choose(found: Job, steps: Sequence[Step], tasks: Sequence[Task]) -> Sequence[Step]:
        chosen = choose_rerun(found, steps, from_step)
        check_rerun(job, chosen, tasks)
        return chosen

    return reopen_job(tx, job, choose, now=now, patience=patience)


def reopen_job(tx: Tx, job: str, choose: Choose, *, now: datetime, patience: Patience) -> Job:
    """Open an ended job again: the chosen steps get a new attempt; what `choose` raises leaves the job as it was."""
    lock_jobs(tx, [job])
    found, steps, tasks = _get_snapshot(tx, job)
    chosen = choose(found, steps, tasks)
    allowed = _find_allowed(tx, found)
    rerun_job(tx, found, chosen, deadline=None if allowed is None else now + allowed, now=now)
    settle_job(tx, job, now=now, patience=patience)
    return get_job(tx, job)


def _find_allowed(tx: Tx, job: Job) -> timedelta | None:
    """How long the job may take, from its submission or from a rerun on; None: as long as it likes."""
    return None if job.deadline is None else job.deadline - find_opened(tx, job)


def forget_job(tx: Tx, job: str, *, keeps_keys: bool = False) -> None:
    """Delete an ended job with its history, also at its parties.

    ConflictError while it is open, holds a model's parts, or has outputs that an open job is still to read.
    With `keeps_keys` a repeat of its submit still finds its id, and makes no new job.
    """
    lock_jobs(tx, [job])
    found, _, _ = _get_snapshot(tx, job)
    if found.state not in TERMINAL:
        raise ConflictError(f"job {job} is {found.state}: stop it first, or wait for its end")
    models = list_needing(tx, job)
    if models:
        names = ", ".join(f"{model.model_id} {model.version}" for model in models)
        raise ConflictError(f"job {job} holds the parts of model {names}: delete the model first, or keep the job")
    if list_read_jobs(tx, [job]):
        raise ConflictError(
            f"job {job} has outputs that an open job is still to read: stop that first, or wait for its end"
        )
    delete_jobs(tx, [job], keeps_keys=keeps_keys)


def draft_clone(
    tx: Tx,
    job: str,
    *,
    owner: str,
    org: str,
    name: str | None = None,
    params: Mapping[str, Mapping[str, Any]] | None = None,
) -> Draft:
    """A draft like the job, with parameters of named steps changed; NotFoundError for an unknown step."""
    found, steps, tasks = _get_snapshot(tx, job)
    changes = dict(params or {})
    for unknown in changes.keys() - {step.name for step in steps}:
        raise NotFoundError("step", unknown)
    allowed = _find_allowed(tx, found)
    return Draft(
        name=name or found.name,
        owner=owner,
        org=org,
        project=found.project,
        roles=found.roles,
        steps=tuple(_draft_step(step, tasks, changes.get(step.name, {})) for step in steps),
        priority=found.priority,
        deadline_s=None if allowed is None else allowed.total_seconds(),
        dialect=found.dialect,
        labels=found.labels,
        origin=get_origin(tx, job),
        attachments={item.name: item.blob.id for item in list_attachments(tx, job)},
        borrowed=find_borrowed(tx, job),
    )


def _draft_step(step: Step, tasks: Sequence[Task], changes: Mapping[str, Any]) -> StepDraft:
    roles = dict.fromkeys(task.role for task in tasks if task.step_id == step.id)
    return StepDraft(
        name=step.name,
        run=step.run,
        roles=tuple(roles),
        needs=step.needs,
        inputs=step.inputs,
        params={**step.params, **changes},
        overrides={target: {**own, **_shared(own, changes)} for target, own in step.overrides.items()},
        retry=replace(step.retry),
        timeout_s=step.timeout_s,
        slots=step.slots,
        gang=step.gang,
        services=tuple(dict.fromkeys(task.role for task in tasks if task.step_id == step.id and task.service)),
    )


def _shared(own: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A changed parameter wins over a role's own value for it."""
    return {key: value for key, value in changes.items() if key in own}


def _get_snapshot(tx: Tx, job: str) -> tuple[Job, list[Step], list[Task]]:
    snapshot = find_snapshot(tx, job)
    if snapshot is None:
        raise NotFoundError("job", job)
    return snapshot
