"""Warm connections: used again, never with anything left of the transaction before, and dropped where the server has gone."""

import psycopg
import pytest

from scheduler.store.session import make_store
from scheduler.store.sql import make_sql

ADD = make_sql(
    "INSERT INTO tag (id, project, name, notes, owner, created, modified) VALUES (:name, '', :name, '', '', 0, 0)"
)
NAMES = make_sql("SELECT name FROM tag ORDER BY name")
PID = make_sql("SELECT pg_backend_pid()")


def driver_of(tx):
    return tx._driver


def names(store):
    with store.read() as tx:
        return [row[0] for row in tx.run(NAMES)]


def add_in_vain(store, name):
    with store.write() as tx:
        tx.run(ADD, name=name)
        raise ValueError("no")


def test_a_writer_has_the_connection_that_it_had_before_and_a_reader_another(store):
    def find(begin):
        with begin() as tx:
            return driver_of(tx)

    writer, reader = find(store.write), find(store.read)
    assert writer is not reader
    assert [find(begin) for begin in (store.read, store.write, store.write, store.read)] == [
        reader, writer, writer, reader,
    ]  # fmt: skip


def test_two_at_once_have_one_each(store):
    with store.read() as first, store.read() as second:
        assert driver_of(first) is not driver_of(second)


def test_what_a_block_that_raises_had_begun_is_not_met_by_the_next(store):
    with pytest.raises(ValueError, match="no"):
        add_in_vain(store, "lost")
    with store.write() as tx:
        assert tx.run(NAMES) == []
        tx.run(ADD, name="kept")
    assert names(store) == ["kept"]


def fail_outside(store):
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO tag (id, project, name, notes, owner, created, modified) VALUES ('1', '', 'lost', '', '', 0, 0)"
        )
        raise ValueError("no")


def test_who_comes_past_the_store_has_transactions_on_a_connection_that_was_ours(store):
    with pytest.raises(ValueError, match="no"):
        add_in_vain(store, "lost")
    with pytest.raises(ValueError, match="no"):
        fail_outside(store)
    assert names(store) == []


def end_sessions(url, pids):
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(pids)])


def find_pid(tx):
    return tx.run(PID)[0][0]


def test_where_one_is_lost_no_other_of_its_time_is_used(clean_postgres):
    store = make_store(clean_postgres.engine.url)
    with store.write() as one, store.write() as two, store.write() as three, store.read() as four:
        pids = [find_pid(tx) for tx in (one, two, three, four)]
    with pytest.raises(ValueError, match="no"):
        add_in_vain(store, "lost")  # its connection waits in the pool
    end_sessions(store.engine.url, pids)
    with pytest.raises(psycopg.OperationalError), store.read() as tx:
        tx.run(NAMES)
    for begin in (store.write, store.write, store.write, store.read):
        with begin() as tx:
            assert find_pid(tx) not in pids
    store.close()
