"""Jobs that the gateway itself submits and waits for, because a caller waits for what they do."""

import time
from typing import Final

from aiohttp import web

from api.bridge import utc_now
from api.changes import wait_for_change
from api.keys import FEED, PATIENCE, READER, WRITER
from scheduler.domain.errors import FedrotaError
from scheduler.domain.model import Job, Submission
from scheduler.domain.states import TERMINAL, State
from scheduler.service.jobs import request_stop
from scheduler.store.queries.jobs import get_job

PATIENCE_S: Final = 120.0
GLANCE_S: Final = 1.0


class UnfinishedJobError(FedrotaError):
    """A job that the caller waited for did not succeed."""

    code = "conflict"


async def run_to_end(request: web.Request, submission: Submission, *, timeout_s: float = PATIENCE_S) -> str:
    """Submit a job and wait for its success; UnfinishedJobError says why there was none. The job's id."""
    job = (await request.app[WRITER].submit(submission)).job
    found = await _wait(request, job, timeout_s)
    if found.state not in TERMINAL:
        reason = f"not done within {timeout_s:.0f} s"
        await request.app[WRITER].write(
            lambda tx: request_stop(tx, job, reason=reason, now=utc_now(), patience=request.app[PATIENCE])
        )
        raise UnfinishedJobError(f"job {job} was not done within {timeout_s:.0f} s ({found.reason}): try again")
    if found.state is not State.SUCCESS:
        raise UnfinishedJobError(f"job {job} ended as {found.state}: {found.reason}")
    return job


async def _wait(request: web.Request, job: str, timeout_s: float) -> Job:
    """The job when it has ended, or as it stands when the time is over."""
    deadline = time.monotonic() + timeout_s
    with request.app[FEED].watch(job) as changed:
        while True:
            found = await request.app[READER].read(lambda tx: get_job(tx, job))
            left_s = deadline - time.monotonic()
            if found.state in TERMINAL or left_s <= 0:
                return found
            await wait_for_change(changed, min(left_s, GLANCE_S))
