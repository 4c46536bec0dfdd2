"""Commands on a job that is here: read, abort, delete; and what other commands ask of it first."""

from collections.abc import Sequence
from typing import Any, Final

from api.auth import require
from api.bridge import utc_now
from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.flags import take_one
from api.dialects.flare.responses import make_dict, make_success
from api.dialects.flare.vocabulary.meta import render_meta
from api.keys import PATIENCE, READER, WRITER
from scheduler.domain.access import Action, subject_of
from scheduler.domain.errors import ConflictError
from scheduler.domain.model import Job, Task
from scheduler.domain.states import TERMINAL, State
from scheduler.service.jobs import forget_job, request_stop
from scheduler.store.queries.idempotency import count_keys
from scheduler.store.queries.jobs import get_job, get_job_detail, get_origin
from scheduler.store.queries.tracking import list_events
from scheduler.store.tx import Tx

MAX_EVENTS: Final = 1000


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
        return render_meta(get_job_detail(tx, job), get_origin(tx, job), events, study=call.study_name, now=utc_now())

    return await call.app[READER].read(read)


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


async def delete_job(call: Call) -> Reply:
    """Forget an ended job with its history and its files."""
    job = take_one(call.words, "delete_job", "job_id")
    found = await check_job(call, job, Action.DELETE_JOB)
    if found.state not in TERMINAL:
        raise FlareError(MetaStatus.JOB_RUNNING, f"job {job} is still running")

    def forget(tx: Tx) -> int:
        forget_job(tx, job, keeps_keys=True)
        return count_keys(tx, job)

    marked = await call.app[WRITER].write(forget)
    return make_success(f"Job {job} deleted.", job_id=job, submit_records_marked_deleted=marked)


async def check_job(call: Call, job: str, action: Action) -> Job:
    """The job, if the caller may do `action` to it."""
    found = await call.app[READER].read(lambda tx: get_job(tx, job))
    require(call.by, action, subject_of(found), kind="job", identity=job)
    return found


async def list_tasks(call: Call, job: str) -> list[Task]:
    """Every task of a job."""
    return (await call.app[READER].read(lambda tx: get_job_detail(tx, job))).tasks


COMMANDS: Final[Sequence[Command]] = (
    Command(name="get_job_meta", scope="job", serve=read_meta, usage="get_job_meta job_id"),
    Command(name="abort_job", scope="job", serve=abort_job, usage="abort_job job_id"),
    Command(name="delete_job", scope="job", serve=delete_job, usage="delete_job job_id"),
)  # fmt: skip
