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


@dataclass(frozen=True, slots=True)
class FateDetails:
    """The jobs that were looked at for an answer, and whether these are all that there are."""

    jobs: list[FateDetail]
    are_all: bool

    @property
    def message(self) -> str:
        """What a successful answer says of itself."""
        left_out = f"; only the newest {MOST_JOBS} jobs were looked at: query one by its job_id, or name a status, to see others"
        return "success" + ("" if self.are_all else left_out)


NO_JOBS: Final = FateDetails([], are_all=True)
"""What is looked at where a question names nothing."""


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


def list_all(tx: Tx, wanted: JobFilter, principal: Principal) -> Iterator[Job]:
    """All jobs that the caller may see, the newest first."""
    after: str | None = ""
    while after is not None:
        page = list_jobs(tx, wanted, after=after or None, limit=MOST_JOBS)
        yield from (job for job in page.items if is_visible(principal, subject_of(job)))
        after = page.next


async def read_details(request: web.Request, filters: Mapping[str, Any]) -> FateDetails:
    """The jobs that filters of rows may fit: those that they name, else of the newest those with the wanted status."""
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.READ_JOB)
    named, statuses = list_texts(filters.get("job_id")), list_texts(filters.get("status"))
    wanted = JobFilter(states=list_states(statuses), project=principal.project)

    def read(tx: Tx) -> FateDetails:
        newest = None if named else list_jobs(tx, wanted, after=None, limit=MOST_JOBS)
        found = load_fate_jobs(tx, named if newest is None else [job.id for job in newest.items])
        visible = [each for each in found if is_visible(principal, subject_of(each.job))]
        return FateDetails(visible, are_all=newest is None or newest.next is None)

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
