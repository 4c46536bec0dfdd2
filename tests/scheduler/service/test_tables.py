"""Facts of tables: noted beside the others, and the one that keeps jobs away."""

import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.service.tables import disable_table, note_table, record_table
from scheduler.store.queries.data_tables import DataTable, find_data_tables, get_data_table, list_disabled_tables
from tests.scheduler.centre import ADMIN, START


@pytest.fixture
def table(centre):
    made = DataTable(
        party="a", namespace="n", name="t", owner="me", rows=1, columns=[], size=1, sha256="x", facts={"id": "x"},
        created=START,
    )  # fmt: skip
    centre.write(lambda tx: record_table(tx, made, by=ADMIN, now=START))
    return made


def test_facts_are_added(centre, table):
    centre.write(lambda tx: note_table(tx, "a", "n", "t", facts={"job": "1"}))
    assert centre.read(lambda tx: get_data_table(tx, "a", "n", "t")).facts == {"id": "x", "job": "1"}
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: note_table(tx, "b", "n", "t", facts={}))


def test_a_table_is_disabled_and_enabled_and_the_audit_says_by_whom(centre, table):
    assert not table.is_disabled
    off = centre.write(lambda tx: disable_table(tx, table, is_disabled=True, by=ADMIN, now=START))
    assert off.is_disabled
    assert centre.read(list_disabled_tables) == [off]
    on = centre.write(lambda tx: disable_table(tx, off, is_disabled=False, by=ADMIN, now=START))
    assert (on.is_disabled, centre.read(list_disabled_tables)) == (False, [])
    assert [row[0] for row in centre.rows("SELECT action FROM audit ORDER BY id")][-2:] == [
        "disable_table", "enable_table",
    ]  # fmt: skip


def test_a_name_is_found_at_whichever_party(centre, table):
    assert centre.read(lambda tx: find_data_tables(tx, "n", "t")) == [table]
    assert centre.read(lambda tx: find_data_tables(tx, "n", "t", parties=["b"])) == []
    assert centre.read(lambda tx: find_data_tables(tx, "n", "t", parties=["a", "b"])) == [table]
