"""The tables' indexes: the hot statements walk them and never whole tables."""

import re
from itertools import pairwise

import pytest

from scheduler.store.hot import beat, claim, dispatch, report
from scheduler.store.hot.dispatch import lock_admission
from scheduler.store.queries import counts, idempotency, jobs, snapshots, tracking
from scheduler.store.sql import Sql, bind
from scheduler.store.writes import removal
from tests.scheduler.centre import Centre, chain

PARAMS = {
    "rank": -1, "created": 0.0, "id": "", "limit": 9, "now": 1.0, "seen": 0.0, "given_up": 0.0, "overtime": 0.0,
    "party": "a", "agent": "x", "queue": '["a","b"]', "parties": ["a"], "steps": ["s"], "jobs": ["j"], "tasks": ["t"],
    "keepers": ["k"], "keys": ["k"], "owners": ["me", "her"],
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
        (report._HELD_BY, "task_underway"),
        (report._FREE_STEPS, "dep_step"),
        (snapshots._DUE, "step_pause"),
        (snapshots._DUE, "task_lease"),
        (snapshots._UNSETTLED, "step_unfinished"),
        (idempotency._KEYS, "sqlite_autoindex_idempotency_1 (owner=? AND key=?)"),
        (counts._OPEN_JOBS, "job_open"),
        (removal._DELETE_KEYS, "idempotency_job"),
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
    assert not scanned & {"SCAN task", "SCAN step", "SCAN job", "SCAN idempotency"}, plan


def test_to_count_open_jobs_nothing_is_sorted(lite):
    asked = bind({"owners": ["me", "her"]}, is_postgres=False)
    with lite.store.engine.connect() as connection:
        rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {counts._OPEN_JOBS.sqlite}", asked).fetchall()
    assert not [row[3] for row in rows if "TEMP B-TREE" in row[3]]


HOT = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in (beat, claim, dispatch, report)
    for name, statement in vars(module).items()
    if isinstance(statement, Sql)
}
HOT |= {
    # What every submit asks.
    "idempotency._KEYS": idempotency._KEYS,
    "counts._OPEN_JOBS": counts._OPEN_JOBS,
    # What each batch of old jobs asks while others write.
    "removal._DELETE_KEYS": removal._DELETE_KEYS,
    # What whoever watches a job reads again and again.
    "jobs._JOBS": jobs._JOBS.select()[0],
    "jobs._TELLING": jobs._TELLING.select()[0],
    "jobs._SUCCEEDED": jobs._SUCCEEDED,
    "jobs._STATE": jobs._STATE,
    "tracking._EVENTS": tracking._EVENTS,
}


TABLE_SCAN = re.compile(r"(?:Seq|Index|Index Only|Heap) Scan (?:using \w+ )?on (\w+)")


def find_walks(store):
    """(hot statement, table) where the plan for any parameters walks a whole table or index."""
    walks = set()
    with store.write() as tx:
        # Those of a scheduler's pass last, which run in a transaction that does not sort.
        for name, statement in sorted(HOT.items(), key=lambda item: item[0].startswith("dispatch.")):
            if name.startswith("dispatch."):
                lock_admission(tx)
            names = dict.fromkeys(re.findall(r"%\((\w+)\)s", statement.postgres))
            numbered = statement.postgres % {name: f"${number}" for number, name in enumerate(names, 1)}
            rows = tx.connection.connection.driver_connection.execute(
                f"EXPLAIN (GENERIC_PLAN) {numbered}", prepare=False
            )
            plan = [row[0].strip() for row in rows]
            for line, following in pairwise([*plan, ""]):
                scan = TABLE_SCAN.search(line)
                if scan and not following.startswith("Index Cond"):
                    walks.add((name, scan[1]))
    return walks


def test_on_postgres_no_plan_of_a_hot_statement_walks_a_table_however_short_it_was_at_its_time(clean_postgres):
    centre = Centre(clean_postgres)
    allowed = {
        # A row for each party.
        ("claim._PEERS", "party"), ("beat._SEEN", "party"), ("dispatch._EXPIRED", "party"),
        # What is underway.
        ("dispatch._KNOCKED", "task"), ("dispatch._LIVE", "task"), ("dispatch._EXPIRED", "task"),
            ("report._HELD_BY", "task"),
        # The first one in the order of the queue.
        ("report._ANY_READY", "step"),
    }  # fmt: skip
    assert find_walks(clean_postgres) <= allowed
    for count in (1, 3, 30):
        centre.submit_all([centre.plan(*chain(2))] * count)
        centre.run()
        assert find_walks(clean_postgres) <= allowed
        # As PostgreSQL does by itself; the partial indexes of an idle system are empty.
        with clean_postgres.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        assert find_walks(clean_postgres) <= allowed
    centre.submit_all([centre.plan(*chain(3))] * 50)
    assert find_walks(clean_postgres) <= allowed


def test_a_job_takes_everything_with_it(centre):
    job = centre.submit(*chain(2))
    centre.run()
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM job WHERE id = '{job}'")
    for table in ("step", "task", "dep", "event", "output", "metric"):
        assert centre.rows(f"SELECT * FROM {table}") == []
