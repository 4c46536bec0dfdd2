"""The tables' indexes: the hot statements walk them and never whole tables."""

import pytest

from scheduler.store.hot import dispatch, report
from scheduler.store.queries import snapshots
from scheduler.store.sql import bind
from tests.scheduler.centre import Centre, chain, step

PARAMS = {
    "rank": -1, "created": 0.0, "id": "", "limit": 9, "now": 1.0, "seen": 0.0, "given_up": 0.0, "overtime": 0.0,
    "party": "a", "queue": '["a","b"]', "parties": ["a"], "steps": ["s"], "jobs": ["j"], "tasks": ["t"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (dispatch._READY, "step_ready"),
        (dispatch._LIVE, "task_underway"),
        (dispatch._SURVEY[0], "task_underway"),
        (dispatch._READY, "task_step"),
        (dispatch._READY_IN_QUEUE, "step_queue"),
        (dispatch._QUEUES, "step_queue"),
        (dispatch._EXPIRED, "task_underway"),
        (dispatch._KNOCKED, "task_underway"),
        (report._END_JOBS, "step_unfinished"),
        (report._FREE_STEPS, "dep_step"),
        (snapshots._DUE, "step_pause"),
        (snapshots._DUE, "task_lease"),
        (snapshots._UNSETTLED, "step_unfinished"),
    ],
)
def test_a_hot_statement_uses_its_index(lite, statement, index):
    lite.submit_all([lite.plan(*chain(5))] * 20)
    wanted = {name: value for name, value in bind(PARAMS, is_postgres=False).items() if f":{name}" in statement.sqlite}
    with lite.store.engine.connect() as connection:
        rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement.sqlite}", wanted).fetchall()
    plan = "\n".join(row[3] for row in rows)
    assert index in plan, plan
    scanned = {line.strip() for line in plan.splitlines()}
    assert not scanned & {"SCAN task", "SCAN step", "SCAN job"}, plan


def test_on_postgres_a_long_queue_is_read_page_by_page(clean_postgres):
    centre = Centre(clean_postgres)
    centre.submit_all([centre.plan(*[step(f"s{number}") for number in range(50)])] * 20)
    with clean_postgres.read() as tx:
        wanted = {name: value for name, value in PARAMS.items() if f"%({name})s" in dispatch._READY.postgres}
        rows = tx.connection.exec_driver_sql(f"EXPLAIN {dispatch._READY.postgres}", wanted).all()
    plan = "\n".join(row[0] for row in rows)
    assert "Index Scan using step_ready" in plan, plan
    assert "Bitmap" not in plan, plan


def test_a_job_takes_everything_with_it(centre):
    job = centre.submit(*chain(2))
    centre.run()
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM job WHERE id = '{job}'")
    for table in ("step", "task", "dep", "event", "output", "metric"):
        assert centre.rows(f"SELECT * FROM {table}") == []
