import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from scheduler.store.failures import STORE_FAILURES, describe, is_away
from scheduler.store.session import make_store


def test_a_database_that_is_not_there_is_one_of_them(tmp_path):
    store = make_store(f"sqlite:///{tmp_path / 'none' / 'x.db'}")
    with pytest.raises(STORE_FAILURES), store.read():
        pass


def test_so_is_what_the_drivers_cursor_raises(tmp_path):
    store = make_store(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(STORE_FAILURES) as wrong, store.read() as tx:
        tx._cursor.execute("SELECT * FROM nothing")
    assert isinstance(wrong.value, sqlite3.Error)
    store.close()


def test_a_database_that_is_away_is_told_from_a_defect_in_our_sql(tmp_path):
    with pytest.raises(sqlite3.OperationalError) as missing:
        sqlite3.connect(tmp_path / "none" / "x.db")
    with pytest.raises(sqlite3.OperationalError) as defect:
        sqlite3.connect(":memory:").execute("SELECT * FROM nothing")
    refused = psycopg.OperationalError("connection failed:\n\tConnection refused")
    assert is_away(missing.value)
    assert is_away(refused)
    assert is_away(OperationalError("SELECT 1", {}, refused))
    assert not is_away(defect.value)
    assert not is_away(psycopg.errors.ProgramLimitExceeded("index row size 3184 exceeds btree version 4 maximum 2704"))
    assert not is_away(RuntimeError("a defect"))


def test_what_is_said_of_a_failure_is_one_line():
    refused = psycopg.OperationalError("connection failed:\n\tConnection refused")
    wanted = "OperationalError: connection failed: Connection refused"
    assert describe(OperationalError("SELECT 1", {}, refused)) == wanted
