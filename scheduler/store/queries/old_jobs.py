"""Reads of jobs that ended long ago, the oldest first."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import orjson

from scheduler.domain.references import find_reference
from scheduler.store.columns import to_epoch
from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx

Place = tuple[float, str]
"""Creation and id of a job: where a look through all of them stands."""

START: Final[Place] = (-1.0, "")

_OLD = make_sql(
    "SELECT id, created FROM job WHERE (created, id) > (CAST(:created AS double precision), :id) "
    "AND created < :before AND ended < :before AND state IN ('success', 'failed', 'canceled', 'timeout') "
    "ORDER BY created, id LIMIT :limit"
)
_READERS = make_sql(
    # SQLite keeps to the order of a cross join: from the open jobs, which are few.
    "SELECT step.inputs FROM job CROSS JOIN step WHERE job.state IN ('waiting', 'running') AND step.job_id = job.id "
    "AND step.state <> 'success' AND step.inputs LIKE :elsewhere"
)
_NEEDED = make_sql(
    "SELECT model.job_id FROM model JOIN job ON job.id = model.job_id WHERE model.job_id {in:jobs} "
    "AND job.state IN ('waiting', 'running', 'success') "
    "UNION SELECT model_source.job_id FROM model_source JOIN model ON model.id = model_source.model "
    "JOIN job ON job.id = model.job_id WHERE model_source.job_id {in:jobs} "
    "AND job.state IN ('waiting', 'running', 'success')"
)


def list_old_jobs(tx: Tx, *, before: datetime, after: Place, limit: int) -> list[tuple[str, Place]]:
    """Jobs that had ended `before`, each with its place, behind the place `after`."""
    created, id_ = after
    rows = tx.run(_OLD, before=to_epoch(before), created=created, id=id_, limit=limit)
    return [(job, (at, job)) for job, at in rows]


def list_needed_jobs(tx: Tx, jobs: Collection[str]) -> set[str]:
    """Those of the jobs that `models.list_needing` names a model for, all at once."""
    return {row[0] for row in tx.run(_NEEDED, jobs=sorted(jobs))} if jobs else set()


def list_read_jobs(tx: Tx, jobs: Collection[str]) -> set[str]:
    """Those of the jobs whose outputs an open job has still to read."""
    texts = [row[0] for row in tx.run(_READERS, elsewhere="%:%.%")]
    return {job for job in jobs if any(f'"{job}:' in text for text in texts)}


def list_read_outputs(tx: Tx, job: str) -> set[tuple[str, str]]:
    """(step, output) of each output of the job that an open job has still to read."""
    texts = (row[0] for row in tx.run(_READERS, elsewhere=f"%{job}:%.%"))
    references = (find_reference(value) for text in texts for value in orjson.loads(text).values())
    return {(found.step, found.output) for found in references if found is not None and found.job == job}
