"""Registrations of data tables."""

import pytest

from scheduler.domain.errors import InvalidDocumentError, NotFoundError
from scheduler.service.tables import drop_table, record_table
from scheduler.store.queries.data_tables import DataTable, get_data_table, list_data_tables
from tests.scheduler.centre import ADMIN, START


def table(party="a", namespace="default", name="t", **given):
    return DataTable(
        **{"party": party, "namespace": namespace, "name": name, "owner": "me", "rows": 3, "size": 9, "sha256": "x",
           "columns": [{"name": "x", "type": "double"}], "facts": {"id": "x"}, "created": START, **given}
    )  # fmt: skip


def put(centre, *tables):
    for item in tables:
        centre.write(lambda tx, item=item: record_table(tx, item, by=ADMIN, now=centre.now))


def names(page):
    return [(item.party, item.namespace, item.name) for item in page.items]


def test_a_table_comes_back_as_it_was_and_a_newer_one_takes_its_place(centre):
    put(centre, table())
    assert centre.read(lambda tx: get_data_table(tx, "a", "default", "t")) == table()
    put(centre, table(rows=2**40))
    assert centre.read(lambda tx: get_data_table(tx, "a", "default", "t")).rows == 2**40


def test_pages_run_over_parties_namespaces_and_names(centre):
    made = [(p, s, n) for p in "ab" for s in ("x", "y") for n in ("1", "2")]
    put(centre, *[table(*key) for key in reversed(made)])
    seen, after = [], None
    while True:
        page = centre.read(lambda tx, after=after: list_data_tables(tx, after=after, limit=3))
        seen += names(page)
        after = page.next
        if not after:
            break
    assert seen == made
    assert names(centre.read(lambda tx: list_data_tables(tx, party="b", namespace="y"))) == [
        ("b", "y", "1"),
        ("b", "y", "2"),
    ]
    with pytest.raises(InvalidDocumentError):
        centre.read(lambda tx: list_data_tables(tx, after="x"))


def test_a_table_is_forgotten_once(centre):
    put(centre, table())
    centre.write(lambda tx: drop_table(tx, "a", "default", "t", by=ADMIN, now=centre.now))
    for query in (
        lambda tx: get_data_table(tx, "a", "default", "t"),
        lambda tx: drop_table(tx, "a", "default", "t", by=ADMIN, now=centre.now),
    ):
        with pytest.raises(NotFoundError, match="there is no table 'default/t' at party 'a'$"):
            centre.read(query)
    assert centre.rows("SELECT action FROM audit ORDER BY id")[-2:] == [("put_table",), ("drop_table",)]
