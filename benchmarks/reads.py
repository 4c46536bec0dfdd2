"""Reading a job while 100 jobs run and the store holds 1,000,000 tasks."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import SQLModel

from benchmarks.client import Load, noop_job
from benchmarks.figures import Figure, median, percentile
from benchmarks.system import System
from config.settings import Settings
from config.settings import load as load_settings
from scheduler.store.columns import find_table, to_epoch
from scheduler.store.session import Store, make_store
from scheduler.store.sql import Sql, make_sql
from scheduler.store.tables.jobs import JobRow, StepRow, TaskRow

GOALS = {"embedded": "10 ms", "postgres": "15 ms"}
JOBS = 10_000
STEPS = 50
BLOCK = 250


async def measure_reads(system: System, load: Load, *, reads: int = 1000) -> list[Figure]:
    """Latency of GET job over one connection, of jobs all over the store."""
    given = {"database_url": system.database_url} if system.database_url else {}
    store = make_store(load_settings(Settings, state_dir=system.state_dir, **given).sql_url())
    begin = time.perf_counter()
    await asyncio.to_thread(fill, store)
    filled_s = time.perf_counter() - begin
    busy = [await load.submit(noop_job(sleep_s=0.5)) for _ in range(100)]
    times = []
    for number in range(reads):
        begin = time.perf_counter()
        await load.job(_name(number * 7919 % JOBS))
        times.append((time.perf_counter() - begin) * 1000)
    for job in busy:
        await load.await_end(job)
    store.close()
    how = f"{reads} reads of jobs with {STEPS} steps, {JOBS * STEPS * 2:,} tasks stored (in {filled_s:.0f} s), 100 jobs running"
    return [
        Figure(name="GET job, p50", profile=system.profile, value=median(times), unit="ms", detail=how),
        Figure(
            name="GET job, p99",
            profile=system.profile,
            value=percentile(times, 0.99),
            unit="ms",
            goal=GOALS[system.profile],
            detail=how,
        ),
    ]


def fill(store: Store) -> None:
    """Store ended jobs until there are a million tasks: one job made by hand, the others its copies, made by the database."""
    at = to_epoch(datetime.now(UTC) - timedelta(days=30))
    with store.write() as tx:
        tx.insert(JobRow, [_job(number, at + number) for number in range(JOBS)])
        tx.insert(StepRow, list(_steps(at)))
        tx.insert(TaskRow, list(_tasks(at)))
    for first in range(1, JOBS, BLOCK):
        # In blocks, since the gateway and the scheduler want to write meanwhile.
        jobs = {"first": _name(first), "end": _name(min(first + BLOCK, JOBS))}
        with store.write() as tx:
            tx.run(_copy(StepRow, list(next(_steps(at)))), **jobs)
            tx.run(_copy(TaskRow, list(next(_tasks(at)))), **jobs)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _name(number: int) -> str:
    return f"old{number:06d}"


def _copy(kind: type[SQLModel], names: list[str]) -> Sql:
    """The first job's rows once more for each of some jobs: their ids begin with the job's."""
    own = [
        f"REPLACE(template.{name}, '{_name(0)}', job.id)" if name in {"id", "job_id", "step_id"} else f"template.{name}"
        for name in names
    ]
    table = find_table(kind).name
    return make_sql(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(own)} FROM {table} AS template, job "
        f"WHERE template.job_id = '{_name(0)}' AND job.id >= :first AND job.id < :end ORDER BY job.id, template.id"
    )


def _job(number: int, at: float) -> dict[str, Any]:
    return {
        "id": _name(number), "name": "old", "owner": "admin", "org": "local", "project": "default",
        "state": "success", "reason": "", "priority": 0, "dialect": "native",
        "roles": '{"guest": ["a"], "host": ["b"]}', "labels": "{}", "origin": "{}",
        "created": at, "started": at, "ended": at, "stop_reason": "",
    }  # fmt: skip


def _steps(at: float) -> Iterator[dict[str, Any]]:
    """The steps of the first job."""
    for step in range(STEPS):
        yield {
            "id": f"{_name(0)}-{step}", "job_id": _name(0), "name": f"s{step}", "position": step,
            "state": "success", "reason": "", "run": '{"component": "noop"}', "needs": "[]", "inputs": "{}",
            "params": "{}", "overrides": "{}",
            "retry": '{"attempts": 3, "backoff_s": 2.0, "cap_s": 300.0, "on": ["lost"]}',
            "slots": 1, "gang": False, "parties": '["a","b"]', "rank": 0, "attempt": 1, "spent": 0,
            "created": at, "started": at, "ended": at,
        }  # fmt: skip


def _tasks(at: float) -> Iterator[dict[str, Any]]:
    """The tasks of the first job."""
    for step in range(STEPS):
        for member, (role, party) in enumerate((("guest", "a"), ("host", "b"))):
            yield {
                "id": f"{_name(0)}-{step}-1-{member}", "job_id": _name(0),
                "step_id": f"{_name(0)}-{step}", "party_id": party, "role": role, "position": 0,
                "member": member, "attempt": 1, "seq": 1, "state": "success", "reason": "", "slots": 1,
                "gang": False, "service": False, "log_size": 0, "metric_batch": 0,
                "created": at, "started": at, "ended": at,
            }  # fmt: skip
