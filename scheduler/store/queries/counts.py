"""Counts of jobs: by state, for figures that are shown again and again, and of those that people have open."""

from collections.abc import Iterable

from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx
from scheduler.store.work import Work

_OPEN = make_sql("SELECT state, COUNT(*) FROM job WHERE state IN ('waiting', 'running') GROUP BY state")
_ENDED = make_sql(
    "SELECT state, COUNT(*) FROM job WHERE state IN ('success', 'failed', 'canceled', 'timeout') GROUP BY state"
)
_OPEN_JOBS = make_sql(
    "SELECT owner, org, project, COUNT(*) FROM job WHERE state IN ('waiting', 'running') AND owner {in:owners} "
    "GROUP BY owner, org, project"
)

Person = tuple[str, str, str]
"""(name, organisation, project): names are given within an organisation, by a project's administrators."""


def count_open(tx: Tx) -> dict[str, int]:
    """Open jobs by state; reads only the index of open jobs."""
    return {row[0]: int(row[1]) for row in tx.run(_OPEN)}


def count_ended(tx: Tx) -> dict[str, int]:
    """Ended jobs by state; reads the whole table, so ask seldom."""
    return {row[0]: int(row[1]) for row in tx.run(_ENDED)}


def count_open_jobs(tx: Tx, owners: Iterable[str]) -> Work[dict[Person, int]]:
    """How many open jobs everyone of these names has, who has any."""
    names = sorted(set(owners))
    if not names:
        return {}
    asked = tx.ask((_OPEN_JOBS, {"owners": names}))
    yield
    [rows] = asked()
    return {(row[0], row[1], row[2]): int(row[3]) for row in rows}
