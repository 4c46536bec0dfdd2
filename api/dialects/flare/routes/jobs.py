"""Commands on jobs: submit, list, read, abort, clone, delete."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import IO, Any, Final

from api.attachments import store_blob
from api.auth import require
from api.bridge import utc_now
from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.archive import JobArchive, refuse
from api.dialects.flare.requests.flags import make_list_flags, take_one
from api.dialects.flare.requests.job_folder import JobFolder, name_folder, parse_job
from api.dialects.flare.responses import make_dict, make_success
from api.dialects.flare.vocabulary.draft import choose_server, choose_sites, make_draft
from api.dialects.flare.vocabulary.meta import render_meta, render_row
from api.keys import PATIENCE, READER, SETTINGS, WRITER
from api.planning import plan_draft
from scheduler.domain.access import Action, Role, Subject
from scheduler.domain.errors import ConflictError, ForbiddenError, KeyTakenError
from scheduler.domain.model import Job
from scheduler.domain.plan import Draft
from scheduler.domain.states import TERMINAL, State
from scheduler.service.jobs import draft_clone, forget_job, request_stop
from scheduler.store.queries.attachments import Blob
from scheduler.store.queries.jobs import (
    JobDetail,
    JobFilter,
    get_job,
    get_job_detail,
    get_origin,
    list_job_details,
    list_jobs,
)
from scheduler.store.queries.parties import list_parties
from scheduler.store.queries.tracking import list_events
from scheduler.store.tx import Tx

SPOOL_BYTES: Final = 4 << 20
BLOCK_BYTES: Final = 256 << 10
MAX_LISTED: Final = 1000
MAX_EVENTS: Final = 1000
SUBMIT_TOKEN: Final = "submit_token"  # noqa: S105  a name, no secret


async def submit_job(call: Call) -> Reply:
    """Take in a job folder; the same `submit_token` again gives the same job."""
    _require_submitter(call)
    folder = name_folder(take_one(call.words, "submit_job", "job_folder"))
    token = str(call.props.get(SUBMIT_TOKEN) or "")
    if call.upload is None:
        raise refuse(f"the job folder {folder} came without its files")
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        await _save(call, call.upload, file)
        job = await asyncio.to_thread(lambda: parse_job(JobArchive(file, folder)))
        file.seek(0)
        blob = await store_blob(call.app, call.by, _read_blocks(file))
    draft = await _draft(call, job, blob)
    made = await _submit(call, replace(draft, idempotency_key=f"flare:{token}" if token else None))
    return make_success(f"Submitted job: {made}", job_id=made)


def _require_submitter(call: Call) -> None:
    """As FLARE has it: an organisation's administrator looks after sites and jobs, and submits none."""
    require(call.by, Action.SUBMIT_JOB)
    if call.by.role is Role.ORG_ADMIN:
        raise ForbiddenError(f"{call.by.name}, org_admin, may not submit jobs: let a lead or a project_admin do it")


async def _save(call: Call, upload: AsyncIterator[bytes], file: IO[bytes]) -> None:
    limit = call.app[SETTINGS].attachment_limit_bytes
    size = 0
    async for chunk in upload:
        size += len(chunk)
        if size > limit:
            raise refuse(f"the job is larger than the limit of {limit} bytes (FEDROTA_ATTACHMENT_LIMIT_BYTES)")
        file.write(chunk)
    file.seek(0)


async def _read_blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


async def _draft(call: Call, job: JobFolder, blob: Blob) -> Draft:
    parties = await call.app[READER].read(list_parties)
    server = choose_server(job, parties, chosen=call.app[SETTINGS].flare_server)
    offline_s = call.app[PATIENCE].offline_s
    sites = choose_sites(job, parties, server=server, now=utc_now(), offline_s=offline_s)
    return make_draft(job, blob, server=server, sites=sites, by=call.by)


async def _submit(call: Call, draft: Draft) -> str:
    submission = await plan_draft(call.app, call.by, draft)
    try:
        made = await call.app[WRITER].submit(submission)
    except KeyTakenError as wrong:
        message = f"submit token belongs to job {wrong.job}, submitted with other files: use a new token for a new job"
        raise FlareError(MetaStatus.ERROR, message, existing_job_id=wrong.job) from wrong
    return made.job


async def read_meta(call: Call) -> Reply:
    """Everything that is known of a job."""
    job = take_one(call.words, "get_job_meta", "job_id")
    await check_job(call, job, Action.READ_JOB)
    meta = await load_meta(call, job)
    return make_dict(meta, job_meta=meta)


async def load_meta(call: Call, job: str) -> dict[str, Any]:
    """A job's meta as it is now."""

    def read(tx: Tx) -> dict[str, Any]:
        events = list_events(tx, job, after=0, limit=MAX_EVENTS)
        return render_meta(get_job_detail(tx, job), get_origin(tx, job), events, now=utc_now())

    return await call.app[READER].read(read)


async def find_jobs(call: Call) -> Reply:
    """Jobs of the project, the oldest first; with a limit the newest ones."""
    require(call.by, Action.READ_JOB)
    wanted = make_list_flags().read(call.words)

    def read(tx: Tx) -> list[dict[str, Any]]:
        mine = call.by.name if wanted.own else ""
        page = list_jobs(tx, JobFilter(project=call.by.project, owner=mine), after=None, limit=MAX_LISTED)
        fitting = [
            job.id
            for job in page.items
            if job.id.startswith(wanted.job_id_prefix) and job.name.startswith(wanted.name_prefix)
        ][: wanted.limit or None]
        details = list_job_details(tx, fitting)
        return [_render_listed(tx, details[job], is_detailed=wanted.detailed) for job in fitting]

    rows = await call.app[READER].read(read)
    shown = rows if wanted.reverse else rows[::-1]
    return make_success("" if shown else "No jobs matching the specified criteria.", jobs=shown)


def _render_listed(tx: Tx, detail: JobDetail, *, is_detailed: bool) -> dict[str, Any]:
    if not is_detailed:
        return render_row(detail, now=utc_now())
    events = list_events(tx, detail.job.id, after=0, limit=MAX_EVENTS)
    return render_meta(detail, get_origin(tx, detail.job.id), events, now=utc_now())


async def abort_job(call: Call) -> Reply:
    """Stop a job; one that has ended stays as it is."""
    job = take_one(call.words, "abort_job", "job_id")
    found = await check_job(call, job, Action.CONTROL_JOB)
    patience = call.app[PATIENCE]
    reason = f"aborted by {call.by.name}"
    try:
        await call.app[WRITER].write(lambda tx: request_stop(tx, job, reason=reason, now=utc_now(), patience=patience))
    except ConflictError:  # it has ended, perhaps only just now
        return make_success(f"Job for {job} is already completed.")
    if found.state is State.RUNNING:
        return make_success("Abort signal has been sent to the server app.")
    return make_success(f"Aborted the job {job} before running it.")


async def clone_job(call: Call) -> Reply:
    """Submit a copy of a job."""
    job = take_one(call.words, "clone_job", "job_id")
    _require_submitter(call)
    await check_job(call, job, Action.READ_OUTPUT)
    draft = await call.app[READER].read(lambda tx: draft_clone(tx, job, owner=call.by.name, org=call.by.org))
    origin = {**draft.origin, "cloned_from": job}
    made = await _submit(call, replace(draft, project=call.by.project, origin=origin))
    return make_success(f"Cloned job {job} as: {made}", job_id=made)


async def delete_job(call: Call) -> Reply:
    """Forget an ended job with its history and its files."""
    job = take_one(call.words, "delete_job", "job_id")
    found = await check_job(call, job, Action.DELETE_JOB)
    if found.state not in TERMINAL:
        raise FlareError(MetaStatus.JOB_RUNNING, f"job {job} is still running")
    await call.app[WRITER].write(lambda tx: forget_job(tx, job))
    return make_success(f"Job {job} deleted.", job_id=job, submit_records_marked_deleted=0)


async def check_job(call: Call, job: str, action: Action) -> Job:
    """The job, if the caller may do `action` to it."""
    found = await call.app[READER].read(lambda tx: get_job(tx, job))
    subject = Subject(owner=found.owner, org=found.org, project=found.project)
    require(call.by, action, subject, kind="job", identity=job)
    return found


COMMANDS: Final[Sequence[Command]] = (
    Command(name="submit_job", scope="job", serve=submit_job, usage="submit_job job_folder",
            client_cmd="file_transfer.push_folder"),
    Command(name="get_job_meta", scope="job", serve=read_meta, usage="get_job_meta job_id"),
    Command(name="list_jobs", scope="job", serve=find_jobs,
            usage="list_jobs [-n name_prefix] [-d] [-u] [-r] [-m num_of_jobs] [job_id_prefix]"),
    Command(name="abort_job", scope="job", serve=abort_job, usage="abort_job job_id"),
    Command(name="clone_job", scope="job", serve=clone_job, usage="clone_job job_id"),
    Command(name="delete_job", scope="job", serve=delete_job, usage="delete_job job_id"),
)  # fmt: skip
