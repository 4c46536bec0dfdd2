"""Transactions: one way to begin, one way to end, on either database."""

import sqlite3
import threading

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from scheduler.store.session import make_store
from scheduler.store.sql import make_sql
from scheduler.store.tables.jobs import MetricRow
from scheduler.store.tables.parties import PartyRow
from tests.scheduler.centre import START, step

PARTIES = make_sql("SELECT id FROM party ORDER BY id")
RENAME = make_sql("UPDATE party SET org = :org WHERE id = :id RETURNING org")


def ids(store):
    with store.read() as tx:
        return [row[0] for row in tx.run(PARTIES)]


def add(tx, name):
    tx.session.add(PartyRow(id=name, org="o", slots=1, created=START, facts={}))
    tx.session.flush()


def add_in_vain(store):
    with store.write() as tx:
        add(tx, "lost")
        raise ValueError("no")


def test_a_block_that_ends_well_is_committed_and_one_that_raises_is_not(store):
    with store.write() as tx:
        add(tx, "kept")
    with pytest.raises(ValueError, match="no"):
        add_in_vain(store)
    assert ids(store) == ["kept"]


def test_what_the_session_holds_is_written_before_the_commit(store):
    with store.write() as tx:
        tx.session.add(PartyRow(id="x", org="o", slots=1, created=START, facts={}))
    assert ids(store) == ["x"]


def test_a_session_and_raw_statements_see_each_other(store):
    with store.write() as tx:
        add(tx, "x")
        assert tx.run(RENAME, id="x", org="new") == [("new",)]
        assert tx.session.get(PartyRow, "x", populate_existing=True).org == "new"


def rename_in_vain(tx):
    with tx.savepoint():
        tx.run(RENAME, id="before", org="lost")
        assert tx.session.get(PartyRow, "before", populate_existing=True).org == "lost"
        raise ValueError("no")


def test_a_savepoint_undoes_its_part_alone(store):
    with store.write() as tx:
        add(tx, "before")
        with pytest.raises(ValueError, match="no"):
            rename_in_vain(tx)
        assert tx.session.get(PartyRow, "before").org == "o"
        with tx.savepoint():
            tx.run(RENAME, id="before", org="kept")
    with store.read() as tx:
        assert tx.session.get(PartyRow, "before").org == "kept"


def test_a_failed_statement_in_a_savepoint_leaves_the_transaction_usable(store):
    with store.write() as tx:
        add(tx, "x")
        with pytest.raises(IntegrityError), tx.savepoint():
            tx.session.connection().exec_driver_sql("INSERT INTO party (id) VALUES ('x')")
        add(tx, "y")
    assert ids(store) == ["x", "y"]


def test_a_writer_holds_the_lock_from_its_first_moment_on(sqlite_store):
    """BEGIN IMMEDIATE: a transaction that reads first and then writes is never told that the database is locked."""
    errors = []

    def count_up():
        try:
            for _ in range(20):
                with sqlite_store.write() as tx:
                    [(org,)] = tx.run(make_sql("SELECT org FROM party WHERE id = 'x'"))
                    tx.run(RENAME, id="x", org=str(int(org) + 1))
        except (sqlite3.OperationalError, OperationalError) as failure:
            errors.append(failure)

    with sqlite_store.write() as tx:
        tx.session.add(PartyRow(id="x", org="0", slots=1, created=START, facts={}))
    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with sqlite_store.read() as tx:
        assert tx.run(make_sql("SELECT org FROM party")) == [("80",)]


def test_readers_do_not_wait_for_a_writer(store):
    with store.write() as writing:
        add(writing, "x")
        assert ids(store) == []
    assert ids(store) == ["x"]


def test_a_reader_sees_one_moment(store):
    with store.read() as reading:
        assert reading.run(PARTIES) == []
        with store.write() as tx:
            add(tx, "x")
        assert reading.run(PARTIES) == []
    assert ids(store) == ["x"]


def test_effects_belong_to_their_transaction(centre):
    job = centre.submit(step("s"))
    assert (centre.effects.has_ready_work, centre.effects.changed_jobs) == (True, {job})
    centre.write(lambda tx: None)
    assert (centre.effects.has_ready_work, centre.effects.changed_jobs, centre.effects.stops) == (False, set(), [])


def test_rows_of_every_type_go_in_at_once(centre):
    job = centre.submit(step("s"))
    rows = [
        {"job_id": job, "task_id": "t", "name": "ä'\"%s?", "x": 2**31 - 1, "value": value, "at": 0.5}
        for value in (0.1, -1e300, 1e-300)
    ]
    with centre.store.write() as tx:
        tx.insert(MetricRow, rows)
        tx.insert(MetricRow, [])
    assert centre.rows("SELECT name, x, value, at FROM metric ORDER BY id") == [
        ("ä'\"%s?", 2**31 - 1, value, 0.5) for value in (0.1, -1e300, 1e-300)
    ]


def test_sqlite_is_durable_and_minds_references(sqlite_store):
    with sqlite_store.read() as tx:
        pragmas = {
            name: tx.run(make_sql(f"PRAGMA {name}"))[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_postgres_gives_up_what_hangs(clean_postgres):
    with clean_postgres.read() as tx:
        shown = {name: tx.run(make_sql(f"SHOW {name}"))[0][0] for name in
                 ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")}  # fmt: skip
    assert shown == {
        "statement_timeout": "30s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "5s", "TimeZone": "UTC",
    }  # fmt: skip


def test_nothing_is_connected_before_the_first_transaction(tmp_path):
    store = make_store(f"sqlite:///{tmp_path / 'x.db'}")
    assert not (tmp_path / "x.db").exists()
    make_store("postgresql+psycopg://nobody@127.0.0.1:1/x").close()
    store.close()
