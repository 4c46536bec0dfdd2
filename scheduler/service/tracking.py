"""What users do with the figures that jobs have left: forget them."""

from collections.abc import Sequence

from scheduler.domain.access import Action, Principal, Subject, is_allowed
from scheduler.store.queries.tracking import list_jobs_of_day
from scheduler.store.tx import Tx
from scheduler.store.writes.metrics import delete_metrics


def forget_metrics(tx: Tx, jobs: Sequence[str]) -> None:
    """Delete every point of the jobs' curves; the jobs and their summaries stay."""
    delete_metrics(tx, jobs)


def forget_metrics_of_day(tx: Tx, day: str, *, by: Principal) -> list[str]:
    """As `forget_metrics`, for the jobs that were made on a day (YYYYMMDD, UTC) and are `by`'s to delete; their ids."""
    mine = [
        job.id
        for job in list_jobs_of_day(tx, day)
        if is_allowed(by, Action.DELETE_JOB, Subject(owner=job.owner, org=job.org, project=job.project))
    ]
    delete_metrics(tx, mine)
    return mine
