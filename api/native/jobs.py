"""Jobs: submit, list, read, stop, rerun, clone, delete."""

from dataclasses import replace
from typing import Any, Final

from aiohttp import web
from pydantic import Field

from api.auth import require
from api.bridge import utc_now
from api.keys import PATIENCE, PRINCIPAL, READER, WRITER
from api.native.documents import CloneBody, JobDocument, RerunBody, StopBody
from api.native.drafts import KEY_HEADER, read_submission
from api.native.render import render_detail, render_job
from api.native.replies import JobReply, JobSummary, Page
from api.native.yaml_documents import MEDIA
from api.parsing import Flag, Query, Whole
from api.planning import plan_job
from api.routing import JSON, ROOT, Endpoints, render
from scheduler.domain.access import Action, Principal, is_visible, subject_of
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.domain.model import Job, Submission
from scheduler.domain.states import State
from scheduler.service.fresh import view_fresh
from scheduler.service.jobs import draft_clone, forget_job, request_rerun, request_stop
from scheduler.store.queries.jobs import JobFilter, get_job, get_job_detail, get_origin, list_jobs

endpoint: Final = Endpoints("jobs")

LIMIT: Final = Field(default=50, ge=1, le=1000, description="Items per page.")
AFTER: Final = Field(default=None, max_length=500, description="The `next` of the page before.")


class SubmitQuery(Query):
    """How to submit."""

    dry_run: Flag = Field(default=False, description="Only check the document.")


class JobsQuery(Query):
    """Which jobs; fields that are left out do not narrow."""

    state: list[State] = Field(default=[], max_length=9, description="May be repeated.")
    name: str = Field(default="", max_length=200, description="A part of the name.")
    owner: str = Field(default="", max_length=200)
    label: list[str] = Field(default=[], max_length=16, description="`key=value`; may be repeated, all must fit.")
    party: str = Field(default="", max_length=64, description="A party that takes part.")
    limit: Whole = LIMIT
    after: str | None = AFTER


async def check_job(request: web.Request, job: str, action: Action) -> Job:
    """The job, if the caller may do `action` to it."""
    found = await request.app[READER].read(lambda tx: get_job(tx, job))
    require(request[PRINCIPAL], action, subject_of(found), kind="job", identity=job)
    return found


@endpoint(
    "POST", "/jobs", status=201, reply=JobReply, also={200: JobReply}, takes=JobDocument, uploads=(JSON, *MEDIA),
    headers={KEY_HEADER: "Submitting again with the same key and document gives the same job."},
)  # fmt: skip
async def submit_job(request: web.Request, query: SubmitQuery) -> web.Response:
    """Submit a job; the answer means that it is stored and will run.

    200 instead of 201 where the key was used before for the same document, or for a dry run.
    """
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.SUBMIT_JOB)
    submission = await read_submission(request, principal)
    if query.dry_run:
        return render(render_detail(view_fresh(submission, job="", now=utc_now())))
    return await _store(request, submission)


async def _store(request: web.Request, submission: Submission) -> web.Response:
    receipt = await request.app[WRITER].submit(submission)
    headers = {"Location": f"{ROOT}/jobs/{receipt.job}"}
    if receipt.is_new:
        return render(
            render_detail(view_fresh(submission, job=receipt.job, now=receipt.at)), status=201, headers=headers
        )
    detail = await request.app[READER].read(lambda tx: get_job_detail(tx, receipt.job))
    return render(render_detail(detail), headers=headers)


@endpoint("GET", "/jobs", reply=Page[JobSummary])
async def find_jobs(request: web.Request, query: JobsQuery) -> dict[str, Any]:
    """List jobs, the newest first."""
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.READ_JOB)
    wanted = JobFilter(
        states=query.state,
        name=query.name,
        owner=query.owner,
        project=principal.project,
        party=query.party,
        labels=_parse_labels(query.label),
    )
    page = await request.app[READER].read(lambda tx: list_jobs(tx, wanted, after=query.after, limit=query.limit))
    visible = [job for job in page.items if is_visible(principal, subject_of(job))]
    return {"items": [render_job(job) for job in visible], "next": page.next}


def _parse_labels(given: list[str]) -> dict[str, str]:
    labels = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise InvalidDocumentError(Problem("query.label", f"{text!r} is no label", "Write label=key=value."))
        labels[name] = value
    return labels


@endpoint("GET", "/jobs/{job}", reply=JobReply)
async def read_job(request: web.Request) -> JobReply:
    """Get a job with its steps and their tasks."""
    job = request.match_info["job"]
    detail = await request.app[READER].read(lambda tx: get_job_detail(tx, job))
    require(request[PRINCIPAL], Action.READ_JOB, subject_of(detail.job), kind="job", identity=job)
    return render_detail(detail)


@endpoint("GET", "/jobs/{job}/document", reply=dict[str, Any])
async def read_document(request: web.Request) -> dict[str, Any]:
    """Get the document that the job was submitted with."""
    job = request.match_info["job"]
    await check_job(request, job, Action.READ_JOB)
    return await request.app[READER].read(lambda tx: get_origin(tx, job))


@endpoint("POST", "/jobs/{job}/stop", status=202, reply=JobReply, is_body_optional=True)
async def stop_job(request: web.Request, body: StopBody) -> JobReply:
    """Stop a job: what waits is canceled at once, what runs is told to end."""
    job = request.match_info["job"]
    found = await check_job(request, job, Action.CONTROL_JOB)
    reason = body.reason or f"stopped by {request[PRINCIPAL].name}"
    await request.app[WRITER].write(
        lambda tx: request_stop(tx, found.id, reason=reason, now=utc_now(), patience=request.app[PATIENCE])
    )
    return await _read_again(request, job)


@endpoint("POST", "/jobs/{job}/rerun", status=202, reply=JobReply, is_body_optional=True)
async def rerun_job(request: web.Request, body: RerunBody) -> JobReply:
    """Run an ended job again; what succeeded before stays."""
    job = request.match_info["job"]
    await check_job(request, job, Action.CONTROL_JOB)
    await request.app[WRITER].write(
        lambda tx: request_rerun(tx, job, from_step=body.from_step, now=utc_now(), patience=request.app[PATIENCE])
    )
    return await _read_again(request, job)


async def _read_again(request: web.Request, job: str) -> JobReply:
    return render_detail(await request.app[READER].read(lambda tx: get_job_detail(tx, job)))


@endpoint("POST", "/jobs/{job}/clone", status=201, reply=JobReply, is_body_optional=True)
async def clone_job(request: web.Request, body: CloneBody) -> web.Response:
    """Submit a job again as a new one, with other parameters where given."""
    principal: Principal = request[PRINCIPAL]
    job = request.match_info["job"]
    await check_job(request, job, Action.READ_JOB)
    require(principal, Action.SUBMIT_JOB)
    draft = await request.app[READER].read(
        lambda tx: draft_clone(tx, job, owner=principal.name, org=principal.org, name=body.name, params=body.params)
    )
    return await _store(request, await plan_job(request, replace(draft, project=principal.project)))


@endpoint("DELETE", "/jobs/{job}", status=204)
async def delete_job(request: web.Request) -> None:
    """Delete an ended job with all that is stored of it."""
    job = request.match_info["job"]
    await check_job(request, job, Action.DELETE_JOB)
    await request.app[WRITER].write(lambda tx: forget_job(tx, job))
