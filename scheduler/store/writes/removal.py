"""Writes that remove jobs with their history, and note what their parties have to delete then."""

from collections.abc import Sequence

from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx

_NOTE_DISCARDS = make_sql(
    "INSERT INTO discard (party_id, task_id) SELECT task.party_id, task.id FROM task "
    "JOIN party ON party.id = task.party_id WHERE task.job_id {in:jobs} AND task.agent IS NOT NULL"
)
_DELETE_KEYS = make_sql("DELETE FROM idempotency WHERE job_id {in:jobs}")
_DELETE_JOBS = make_sql("DELETE FROM job WHERE id {in:jobs}")
_DELETE_METRICS = make_sql(
    "DELETE FROM metric WHERE id IN (SELECT id FROM metric WHERE job_id = :job LIMIT :limit) RETURNING id"
)
_DELETE_EVENTS = make_sql(
    "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE job_id = :job LIMIT :limit) RETURNING id"
)
_DELETE_DISCARDS = make_sql("DELETE FROM discard WHERE party_id = :party AND task_id {in:tasks}")


def delete_jobs(tx: Tx, jobs: Sequence[str], *, keeps_keys: bool = False) -> None:
    """Forget ended jobs with everything they left in the store, and have their parties delete the rest.

    Their idempotency keys may stay taken.
    """
    tx.run(_NOTE_DISCARDS, jobs=list(jobs))
    if not keeps_keys:
        tx.run(_DELETE_KEYS, jobs=list(jobs))
    tx.run(_DELETE_JOBS, jobs=list(jobs))
    tx.session.expire_all()


def shrink_job(tx: Tx, job: str, *, rows: int) -> int:
    """Delete up to `rows` points and events of a job that is to go; how many there were."""
    gone = len(tx.run(_DELETE_METRICS, job=job, limit=rows))
    if gone < rows:
        gone += len(tx.run(_DELETE_EVENTS, job=job, limit=rows - gone))
    return gone


def delete_discards(tx: Tx, party: str, tasks: Sequence[str]) -> None:
    """The party has deleted what these tasks left."""
    tx.run(_DELETE_DISCARDS, party=party, tasks=list(tasks))
