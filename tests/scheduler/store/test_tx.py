"""Statements in groups, and rows that are put off to the end of their transaction; the same on either database."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from scheduler.store.columns import to_epoch
from scheduler.store.effects import Effects
from scheduler.store.sql import make_sql
from scheduler.store.tables.access import AuditRow
from scheduler.store.tables.parties import DataTableRow, PartyRow
from tests.scheduler.centre import START
from tests.scheduler.trips import count_trips, trace_trips

PARTIES = make_sql("SELECT id FROM party ORDER BY id")
RENAME = make_sql("UPDATE party SET org = :org WHERE id {in:ids} RETURNING id")
DROP = make_sql("DELETE FROM party WHERE id {in:ids}")
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
        tx.insert(PartyRow, [party("a"), party("b")])
        renamed, parties, nobody = tx.run_all(
            (RENAME, {"org": "new", "ids": ["a"]}), (PARTIES, {}), (RENAME, {"org": "new", "ids": []})
        )
    assert (renamed, parties, nobody) == ([("a",)], [("a",), ("b",)], [])


def names_of(store):
    with store.read() as tx:
        return [row[0] for row in tx.run(PARTIES)]


@pytest.fixture
def parties(store):
    with store.write() as tx:
        tx.insert(PartyRow, [party("a"), party("b")])


@pytest.mark.usefixtures("parties")
@pytest.mark.parametrize(
    "then",
    [
        lambda tx: tx.run(PARTIES),
        lambda tx: tx.run_all((PARTIES, {}))[0],
        lambda tx: tx.session.exec(text("SELECT id FROM party ORDER BY id")).all(),
    ],
)
def test_what_goes_ahead_is_done_before_whatever_comes_next(store, then):
    with store.write() as tx:
        tx.run_ahead(DROP, ids=["a"])
        assert [row[0] for row in then(tx)] == ["b"]
        tx.run_ahead(DROP, ids=["b"])
    assert names_of(store) == []


def fail_after(tx, write):
    """A savepoint in which something is written in vain."""
    with tx.savepoint():
        write()
        raise ValueError("no")


@pytest.mark.usefixtures("parties")
def test_what_goes_ahead_of_a_savepoint_outlives_it(store):
    with store.write() as tx:
        tx.run_ahead(DROP, ids=["a"])
        with pytest.raises(ValueError, match="no"):
            fail_after(tx, lambda: tx.run_ahead(DROP, ids=["b"]))
    assert names_of(store) == ["b"]


def drop_after(store, ahead):
    with store.write() as tx:
        tx.insert(AuditRow, [entry("me")])
        tx.run_ahead(ahead)
        tx.run(DROP, ids=["a"])


def test_a_statement_ahead_that_fails_undoes_all(store, parties):
    with pytest.raises(Exception, match="no_such"):
        drop_after(store, make_sql("DELETE FROM no_such"))
    assert (written(store), names_of(store)) == ([], ["a", "b"])


def test_on_postgres_only_rows_that_are_wanted_are_waited_for(clean_postgres, tmp_path):
    with clean_postgres.write() as tx, trace_trips(tx, tmp_path / "trace"):
        tx.run_ahead(DROP, ids=["a"])
        tx.run_ahead(DROP, ids=["b"])
        assert tx.run(PARTIES) == []
        assert tx.run_all((PARTIES, {}), (WHO, {})) == [[], []]
        one, two = tx.ask((PARTIES, {})), tx.ask((WHO, {}), (PARTIES, {}))
        assert (two(), one()) == ([[], []], [[]])
        tx.run_ahead(DROP, ids=["c"])
        tx.insert_last(AuditRow, [entry("me")])
        tx.insert_last(PartyRow, [party("c")])
        tx.finish()
    assert count_trips(tmp_path / "trace") == 4
    assert (written(clean_postgres), names_of(clean_postgres)) == (["me"], ["c"])


def insert_twice(store):
    with store.write() as tx:
        tx.insert_last(AuditRow, [entry("me")])
        tx.insert_last(PartyRow, [party("a"), party("a")])


def test_a_group_that_breaks_a_rule_leaves_nothing(store):
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        insert_twice(store)
    assert written(store) == []


def test_what_is_put_off_is_written_at_the_end_in_its_order(store):
    with store.write() as tx:
        tx.insert_last(AuditRow, [entry("first")])
        tx.insert_last(DataTableRow, [])
        tx.insert_last(AuditRow, [entry("second"), entry("third")])
        assert tx.run(WHO) == []
    assert written(store) == ["first", "second", "third"]


def test_what_was_put_off_before_a_savepoint_outlives_it(store):
    with store.write() as tx:
        tx.insert_last(AuditRow, [entry("kept")])
        with pytest.raises(ValueError, match="no"):
            fail_after(tx, tx.flush)
    assert written(store) == ["kept"]


def test_what_a_savepoint_undoes_is_not_written_later(store):
    with store.write() as tx:
        tx.insert_last(AuditRow, [entry("kept")])
        with pytest.raises(ValueError, match="no"):
            fail_after(tx, lambda: tx.insert_last(AuditRow, [entry("undone")]))
        tx.insert_last(AuditRow, [entry("later")])
    assert written(store) == ["kept", "later"]


def test_what_a_savepoint_undoes_has_no_effects(store):
    with store.write() as tx:
        tx.effects.changed_jobs.add("kept")
        with pytest.raises(ValueError, match="no"):
            fail_after(tx, lambda: tx.effects.stops.append(("a", "t", 1, "stop")))
        with pytest.raises(ValueError, match="no"):
            fail_after(tx, lambda: tx.effects.changed_jobs.add("undone"))
        assert tx.effects == Effects(changed_jobs={"kept"})


def store_twice(store):
    with store.write() as tx:
        tx.insert(AuditRow, [entry("me")])
        with tx.savepoint():
            tx.session.add(PartyRow(**{**party("a"), "facts": {}, "created": START}))
            tx.flush()


@pytest.mark.usefixtures("parties")
def test_a_flush_that_fails_in_a_savepoint_is_what_the_caller_hears_and_undoes_all(store):
    with pytest.raises(IntegrityError):
        store_twice(store)
    assert (written(store), names_of(store)) == ([], ["a", "b"])


@pytest.mark.parametrize("count", [1, 63, 64, 65, 131, 200])
def test_any_number_of_rows_is_inserted_whole_and_in_order(store, count):
    names = [f"who{number:03d}" for number in range(count)]
    with store.write() as tx:
        tx.insert(AuditRow, [entry(name) for name in names])
    assert written(store) == names
