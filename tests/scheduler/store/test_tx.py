"""Statements in groups, and rows that are put off to the end of their transaction; the same on either database."""

import pytest

from scheduler.store.columns import to_epoch
from scheduler.store.sql import make_sql
from scheduler.store.tables import AuditRow, DataTableRow, PartyRow
from tests.scheduler.centre import START

PARTIES = make_sql("SELECT id FROM party ORDER BY id")
RENAME = make_sql("UPDATE party SET org = :org WHERE id {in:ids} RETURNING id")
WHO = make_sql("SELECT who FROM audit ORDER BY id")


def party(name):
    return {
        "id": name, "org": "o", "slots": 1, "slots_fixed": False, "drained": False, "version": "", "identity": "",
        "facts": "{}", "created": to_epoch(START),
    }  # fmt: skip


def entry(who):
    fields = ("token_id", "address", "action", "object", "outcome", "hash")
    return {"who": who, "at": to_epoch(START), **dict.fromkeys(fields, "")}


def written(store):
    with store.read() as tx:
        return [row[0] for row in tx.run(WHO)]


def test_each_statement_of_a_group_sees_those_before_it(store):
    with store.write() as tx:
        tx.insert_all((PartyRow.__table__, [party("a"), party("b")]), (AuditRow.__table__, [entry("me")]))
        renamed, parties, nobody = tx.run_all(
            (RENAME, {"org": "new", "ids": ["a"]}), (PARTIES, {}), (RENAME, {"org": "new", "ids": []})
        )
    assert (renamed, parties, nobody) == ([("a",)], [("a",), ("b",)], [])


def test_a_group_that_breaks_a_rule_leaves_nothing(store):
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"), store.write() as tx:
        tx.insert_all((AuditRow.__table__, [entry("me")]), (PartyRow.__table__, [party("a"), party("a")]))
    assert written(store) == []


def test_what_is_put_off_is_written_at_the_end_in_its_order(store):
    with store.write() as tx:
        tx.insert_last(AuditRow.__table__, [entry("first")])
        tx.insert_last(DataTableRow.__table__, [])
        tx.insert_last(AuditRow.__table__, [entry("second"), entry("third")])
        assert tx.run(WHO) == []
    assert written(store) == ["first", "second", "third"]


def test_what_a_savepoint_undoes_is_not_written_later(store):
    with store.write() as tx:
        tx.insert_last(AuditRow.__table__, [entry("kept")])
        with pytest.raises(ValueError, match="no"), tx.savepoint():  # noqa: PT012
            tx.insert_last(AuditRow.__table__, [entry("undone")])
            raise ValueError("no")
        tx.insert_last(AuditRow.__table__, [entry("later")])
    assert written(store) == ["kept", "later"]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 131, 200])
def test_any_number_of_rows_is_inserted_whole_and_in_order(store, count):
    names = [f"who{number:03d}" for number in range(count)]
    with store.write() as tx:
        tx.insert(AuditRow.__table__, [entry(name) for name in names])
    assert written(store) == names
