"""Jobs as FATE's routes read them: with what FATE's clients know of them, and only those that the caller may see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.members import list_texts
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.states import list_states
from api.keys import PRINCIPAL, READER
from scheduler.domain.access import Action, Principal, is_visible, subject_of
from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Job
from scheduler.store.queries.jobs import JobDetail, JobFilter, get_job_detail, get_origin, list_job_details, list_jobs
from scheduler.store.tx import Tx

MOST_JOBS: Final = 1000
"""A question that names no job is answered from that many of the newest; where all count, they are read so many at once."""


@dataclass(frozen=True, slots=True)
class FateDetail:
    """A job with its steps, and what it is in FATE's words."""

    detail: JobDetail
    fate: FateJob

    @property
    def job(self) -> Job:
        """The core's job."""
        return self.detail.job


def load_fate_job(tx: Tx, job: str) -> FateDetail:
    """The job; NotFoundError where there is none."""
    detail = get_job_detail(tx, job)
    return FateDetail(detail, FateJob.of(detail, get_origin(tx, job)))


def load_fate_jobs(tx: Tx, jobs: Sequence[str]) -> list[FateDetail]:
    """Those of the jobs that there are, in the order given."""
    details = list_job_details(tx, jobs)
    return [
        FateDetail(found, FateJob.of(found, get_origin(tx, job)))
        for job in jobs
        if (found := details.get(job)) is not None
    ]


def list_newest(tx: Tx, wanted: JobFilter, principal: Principal) -> list[Job]:
    """The newest jobs that the caller may see."""
    page = list_jobs(tx, wanted, after=None, limit=MOST_JOBS)
    return [job for job in page.items if is_visible(principal, subject_of(job))]


def list_all(tx: Tx, wanted: JobFilter, principal: Principal) -> Iterator[Job]:
    """All jobs that the caller may see, the newest first."""
    after: str | None = ""
    while after is not None:
        page = list_jobs(tx, wanted, after=after or None, limit=MOST_JOBS)
        yield from (job for job in page.items if is_visible(principal, subject_of(job)))
        after = page.next


async def read_details(request: web.Request, filters: Mapping[str, Any]) -> list[FateDetail]:
    """The jobs that filters of rows may fit: those that they name, else of the newest those with the wanted status."""
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.READ_JOB)
    named, statuses = list_texts(filters.get("job_id")), list_texts(filters.get("status"))
    wanted = JobFilter(states=list_states(statuses), project=principal.project)

    def read(tx: Tx) -> list[FateDetail]:
        found = load_fate_jobs(tx, named or [job.id for job in list_newest(tx, wanted, principal)])
        return [each for each in found if is_visible(principal, subject_of(each.job))]

    return await request.app[READER].read(read)


async def check_fate_job(
    request: web.Request, job: str, action: Action, *, retcode: int = RetCode.ARGUMENT, missing: str = "find job failed"
) -> FateDetail:
    """The job, if the caller may do `action` to it; FateError with `retcode` where there is none."""
    try:
        found = await request.app[READER].read(lambda tx: load_fate_job(tx, job))
        require(request[PRINCIPAL], action, subject_of(found.job), kind="job", identity=job)
    except NotFoundError as wrong:
        raise FateError(retcode, f"{missing}: there is no job {job!r}") from wrong
    return found
