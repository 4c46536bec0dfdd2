"""One source text, two renderings, the same answers."""

import pytest

from scheduler.store.sql import bind, make_sql
from scheduler.store.tables.parties import PartyRow
from tests.scheduler.centre import START


def test_marks_and_parameters_are_rendered_for_both():
    sql = make_sql("SELECT :x, {of:m}, {of:m:text} FROM t WHERE id {in:m} AND a::text = ':n' {lock}")
    assert sql.sqlite == (
        "SELECT :x, json_extract(:m_map, '$.\"' || id || '\"'), json_extract(:m_map, '$.\"' || id || '\"') "
        "FROM t WHERE id IN (SELECT value FROM json_each(:m_keys)) AND a::text = ':n' "
    )
    assert "%(x)s" in sql.postgres
    assert "id = ANY(CAST(%(m_keys)s AS text[]))" in sql.postgres
    assert "(CAST(%(m_values)s AS bigint[]))[array_position(CAST(%(m_keys)s AS text[]), id)]" in sql.postgres
    assert "(CAST(%(m_values)s AS text[]))" in sql.postgres
    assert "a::text" in sql.postgres
    assert sql.postgres.endswith("FOR UPDATE")
    assert make_sql("SELECT 1 {skip}").postgres == "SELECT 1 FOR UPDATE SKIP LOCKED"
    keys = make_sql("id {any}SELECT k FROM t{end} AND EXISTS (SELECT 1 {each})")
    assert keys.sqlite == "id IN (SELECT k FROM t) AND EXISTS (SELECT 1 )"
    assert keys.postgres == "id = ANY (ARRAY(SELECT k FROM t)) AND EXISTS (SELECT 1 OFFSET 0)"


def test_an_unknown_mark_is_a_defect_found_at_import():
    with pytest.raises(KeyError):
        make_sql("SELECT {nope:x}")


def test_lists_and_dicts_are_spread_and_texts_are_not():
    given = {"n": 1, "s": "abc", "l": ["a"], "d": {"k": 1}, "none": None}
    assert bind(given, is_postgres=False) == {
        "n": 1, "s": "abc", "l_keys": '["a"]', "d_keys": '["k"]', "d_map": '{"k":1}', "none": None,
    }  # fmt: skip
    assert bind(given, is_postgres=True) == {
        "n": 1, "s": "abc", "l_keys": '{"a"}', "d_keys": '{"k"}', "d_values": "{1}", "none": None,
    }  # fmt: skip


VALUES = make_sql(
    "SELECT id, {of:numbers}, {of:reals:double}, {of:texts:text} FROM party WHERE id {in:numbers} ORDER BY id"
)


def test_each_row_gets_its_own_value_whatever_characters_are_in_it(store):
    names = ["a", "b", "c-1.x"]
    with store.write() as tx:
        for name in names:
            tx.session.add(PartyRow(id=name, org="o", slots=1, created=START, facts={}))
    texts = {"a": "quote \" and ' \\ %s {} :x", "b": '{"json": [1, null]}', "c-1.x": "ünïcödé 💡", "zz": "not there"}
    with store.read() as tx:
        found = tx.run(
            VALUES,
            numbers={"a": 2**53, "b": -1, "c-1.x": 0, "zz": 5},
            reals={"a": 0.5, "b": None, "c-1.x": 1e-9},
            texts=texts,
        )
    assert found == [
        ("a", 2**53, 0.5, texts["a"]), ("b", -1, None, texts["b"]), ("c-1.x", 0, 1e-9, texts["c-1.x"]),
    ]  # fmt: skip


@pytest.mark.parametrize("keys", [[], ["nope"], ['x"y', "'; --", "$[0]", ""]])
def test_keys_that_are_no_rows_find_nothing(store, keys):
    with store.read() as tx:
        assert tx.run(make_sql("SELECT id FROM party WHERE id {in:keys}"), keys=keys) == []
        assert (
            tx.run(
                VALUES, numbers=dict.fromkeys(keys, 1), reals=dict.fromkeys(keys, 1.0), texts=dict.fromkeys(keys, "")
            )
            == []
        )
