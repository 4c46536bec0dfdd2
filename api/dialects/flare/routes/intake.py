"""How jobs come in: job folders, checked and stored, and copies of jobs that are here."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import IO, Final

from api.attachments import store_blob
from api.auth import require
from api.bridge import utc_now
from api.dialects.flare.command import PUSH_FOLDER, Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.archive import JobArchive, refuse
from api.dialects.flare.requests.flags import read_submit_words, take_one
from api.dialects.flare.requests.job_folder import JobFolder, name_folder, parse_job
from api.dialects.flare.responses import make_success
from api.dialects.flare.routes.jobs import check_job
from api.dialects.flare.vocabulary.draft import DIALECT, describe_submitter, make_draft, may_submit
from api.dialects.flare.vocabulary.places import check_engines, check_enrolled, choose_server, choose_sites
from api.dialects.flare.vocabulary.targets import CLIENT, list_enrolled
from api.keys import PATIENCE, READER, SETTINGS, WRITER
from api.planning import plan_draft
from scheduler.domain.access import Action
from scheduler.domain.errors import ForbiddenError, KeyTakenError, NotFoundError
from scheduler.domain.plan import Draft
from scheduler.service.jobs import draft_clone
from scheduler.store.queries.attachments import Blob
from scheduler.store.queries.jobs import get_job
from scheduler.store.queries.parties import list_parties

SPOOL_BYTES: Final = 4 << 20
BLOCK_BYTES: Final = 256 << 10


async def submit_job(call: Call) -> Reply:
    """Take in a job folder; the same `submit_token` again gives the same job."""
    _require_submitter(call)
    wanted = read_submit_words(call.words)
    folder = name_folder(wanted.job_folder)
    if call.upload is None:
        raise refuse(f"the job folder {folder} came without its files")
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        await _save(call, call.upload, file)
        job = await asyncio.to_thread(lambda: parse_job(JobArchive(file, folder)))
        file.seek(0)
        blob = await store_blob(call.app, call.by, _read_blocks(file))
    draft = await _draft(call, job, blob)
    made = await _submit(call, replace(draft, idempotency_key=make_key(call, wanted.submit_token)))
    return make_success(f"Submitted job: {made}", job_id=made)


def make_key(call: Call, token: str | None) -> str | None:
    """The core's key for a submit token: tokens of one study are none of another."""
    return None if token is None else f"{DIALECT}:{call.by.project}:{token}"


def _require_submitter(call: Call) -> None:
    require(call.by, Action.SUBMIT_JOB)
    if not may_submit(call.by):
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
    known = await call.app[READER].read(list_parties)
    server = choose_server(job, known, chosen=call.app[SETTINGS].flare_server)
    check_enrolled(job.sites, call.study)
    parties = list_enrolled(known, call.study, server=server)
    offline_s = call.app[PATIENCE].offline_s
    sites = choose_sites(job, parties, server=server, now=utc_now(), offline_s=offline_s)
    check_engines(job, parties, server=server, sites=sites)
    return make_draft(job, blob, server=server, sites=sites, by=call.by)


async def _submit(call: Call, draft: Draft) -> str:
    submission = await plan_draft(call.app, call.by, draft)
    try:
        made = await call.app[WRITER].submit(submission)
    except KeyTakenError as wrong:
        await _check_kept(call, wrong.job)
        message = f"submit token belongs to job {wrong.job}, submitted with other files: use a new token for a new job"
        raise FlareError(MetaStatus.SUBMIT_TOKEN_CONFLICT, message, job_id=wrong.job) from wrong
    if not made.is_new:
        await _check_kept(call, made.job)
    return made.job


async def _check_kept(call: Call, job: str) -> None:
    """FlareError where the job that a token made was deleted since."""
    try:
        await call.app[READER].read(lambda tx: get_job(tx, job))
    except NotFoundError as gone:
        raise make_deleted(job) from gone


def make_deleted(job: str) -> FlareError:
    """What is said of a submit token whose job was deleted since."""
    message = f"submit token refers to job {job}, which was deleted: use a new token to submit again"
    return FlareError(MetaStatus.SUBMIT_TOKEN_JOB_DELETED, message, job_id=job, submit_record_state="job_deleted")


async def clone_job(call: Call) -> Reply:
    """Submit a copy of a job, which is its caller's."""
    job = take_one(call.words, "clone_job", "job_id")
    _require_submitter(call)
    await check_job(call, job, Action.READ_OUTPUT)
    draft = await call.app[READER].read(lambda tx: draft_clone(tx, job, owner=call.by.name, org=call.by.org))
    check_enrolled(draft.roles.get(CLIENT, ()), call.study)  # a site may have left since the first was submitted
    origin = {**draft.origin, "submitter": describe_submitter(call.by), "cloned_from": job}
    made = await _submit(call, replace(draft, project=call.by.project, origin=origin))
    return make_success(f"Cloned job {job} as: {made}", job_id=made)


COMMANDS: Final[Sequence[Command]] = (
    Command(name="submit_job", scope="job", serve=submit_job, usage="submit_job job_folder [--submit-token token]",
            client_cmd=PUSH_FOLDER),
    Command(name="clone_job", scope="job", serve=clone_job, usage="clone_job job_id"),
)  # fmt: skip
