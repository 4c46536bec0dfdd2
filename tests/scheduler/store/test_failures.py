import sqlite3

import pytest

from scheduler.store.failures import STORE_FAILURES
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
