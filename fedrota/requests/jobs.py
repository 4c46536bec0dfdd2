"""The requests about jobs as a whole."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import httpx

from fedrota.errors import InvalidError, Problem
from fedrota.model import Attempt, Event, Job, Metric, Output, PoisonedTask, Step, Summary
from fedrota.requests.call import Call, ListCall, get, get_list, make_path, make_query
from fedrota.responses import many, one, parse_json, parse_nothing, parse_record


def submit(
    document: Mapping[str, Any],
    *,
    attached: Mapping[str, str],
    idempotency_key: str | None = None,
    dry_run: bool = False,
) -> Call[Job]:
    """Submit a job document, with uploaded files (name to id) beside those that it names itself."""
    if idempotency_key is not None and not (idempotency_key.isascii() and idempotency_key.isprintable()):
        problem = Problem("idempotency key", "has 1 to 200 printable ASCII characters")
        raise InvalidError(str(problem), status=0, problems=[problem])
    body = dict(document)
    if attached:
        body["attachments"] = {**_read_attachments(body), **attached}
    return Call(
        method="POST",
        path="/jobs",
        query=make_query(dry_run=True if dry_run else None),
        headers={"Idempotency-Key": idempotency_key or uuid4().hex},
        body=body,
        parse=partial(_parse_plan, body) if dry_run else one(Job),
        repeatable=True,
    )


def _read_attachments(document: Mapping[str, Any]) -> Mapping[str, Any]:
    given = document.get("attachments") or {}
    if not isinstance(given, Mapping):
        problem = Problem("attachments", "is no mapping of names to ids of uploaded files")
        raise InvalidError(f"attachments: {problem.message}", status=0, problems=[problem])
    return given


def _parse_plan(body: Mapping[str, Any], response: httpx.Response) -> Job:
    """The job that would be made; the gateway may leave out what only a stored job has."""
    raw = parse_json(response)
    given = raw if isinstance(raw, dict) else {}
    return parse_record(Job, {"id": "", "name": body.get("name", ""), "state": "", **given})


def jobs(
    *,
    state: str | Sequence[str] | None = None,
    name: str | None = None,
    owner: str | None = None,
    label: str | Sequence[str] | None = None,
    party: str | None = None,
    limit: int | None = None,
) -> ListCall[Job]:
    """List jobs, newest first, without their steps.

    Args:
        state: one or several of waiting, running, success, failed, canceled, timeout.
        name: a part of the name.
        owner: the name of who submitted it.
        label: `key=value`, or several of them.
        party: a party that takes part.
        limit: the size of a page, 1 to 1000; iterating over the page goes through all of them.
    """
    query = make_query(state=state, name=name, owner=owner, label=label, party=party, limit=limit)
    return get_list("/jobs", many(Job), query)


def job(job: str) -> Call[Job]:
    """Get a job with its steps and their tasks."""
    return get(make_path("jobs", job), one(Job))


def document(job: str) -> Call[dict[str, Any]]:
    """Get the document that the job was submitted with."""
    return get(make_path("jobs", job, "document"), parse_json)


def stop(job: str, *, reason: str | None = None) -> Call[Job]:
    """Stop a job; ConflictError where it has ended. The parties are told at once, the tasks end shortly after."""
    body = {"reason": reason} if reason else {}
    return Call(method="POST", path=make_path("jobs", job, "stop"), body=body, parse=one(Job))


def rerun(job: str, *, from_step: str | None = None) -> Call[Job]:
    """Run an ended job again: from a step on, or else every step that did not succeed."""
    body = {"from_step": from_step} if from_step else {}
    return Call(method="POST", path=make_path("jobs", job, "rerun"), body=body, parse=one(Job))


def poisoned(*, limit: int | None = None) -> ListCall[PoisonedTask]:
    """List the tasks over which a party's worker died too often, the latest first."""
    return get_list("/poisoned", many(PoisonedTask), make_query(limit=limit))


def requeue(job: str) -> Call[Job]:
    """Give an ended job's poisoned steps out again, with all else that did not succeed; for admins."""
    return Call(method="POST", path=make_path("jobs", job, "requeue"), parse=one(Job))


def clone(job: str, *, name: str | None = None, params: Mapping[str, Mapping[str, Any]] | None = None) -> Call[Job]:
    """Submit a job's document again as a new job, with other parameters (`{step: {parameter: value}}`) if given."""
    body = {key: value for key, value in (("name", name), ("params", params)) if value}
    return Call(method="POST", path=make_path("jobs", job, "clone"), body=body, parse=one(Job))


def delete(job: str) -> Call[None]:
    """Delete an ended job with all that is stored of it; ConflictError while it has not ended."""
    return Call(method="DELETE", path=make_path("jobs", job), parse=parse_nothing)


def list_events(job: str, *, after: int | None = None, limit: int | None = None) -> ListCall[Event]:
    """List the changes of state so far, oldest first; `events` waits for those to come as well."""
    return ListCall(
        method="GET",
        path=make_path("jobs", job, "events"),
        query=make_query(limit=limit, after=after),
        headers={"Accept": "application/json"},
        parse=many(Event),
        repeatable=True,
    )


def steps(job: str) -> ListCall[Step]:
    """List a job's steps with the tasks of their current attempt."""
    return get_list(make_path("jobs", job, "steps"), many(Step))


def step(job: str, step: str) -> Call[Step]:
    """Get one step of a job by name."""
    return get(make_path("jobs", job, "steps", step), one(Step))


def attempts(job: str, step: str) -> ListCall[Attempt]:
    """List all tries of a step with their tasks."""
    return get_list(make_path("jobs", job, "steps", step, "attempts"), many(Attempt))


def metrics(
    job: str,
    *,
    step: str | None = None,
    name: str | None = None,
    party: str | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> ListCall[Metric]:
    """List the points of a job's curves; `after` takes up at a page's `next`."""
    query = make_query(step=step, name=name, party=party, limit=limit, after=after)
    return get_list(make_path("jobs", job, "metrics"), many(Metric), query)


def summaries(job: str) -> ListCall[Summary]:
    """List the figures that the job's tasks left."""
    return get_list(make_path("jobs", job, "summaries"), many(Summary))


def outputs(job: str, *, step: str | None = None) -> ListCall[Output]:
    """List the tables, models and files that the job's tasks left at their parties."""
    return get_list(make_path("jobs", job, "outputs"), many(Output), make_query(step=step))


def schema() -> Call[dict[str, Any]]:
    """Get the JSON Schema of the job document."""
    return get("/schemas/job", parse_json)
