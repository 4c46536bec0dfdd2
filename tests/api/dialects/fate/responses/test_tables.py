from datetime import UTC, datetime

from api.dialects.fate.requests.members import TableName
from api.dialects.fate.responses.tables import render_missing, render_output, render_table
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.queries.tracking import OutputView, Where


def make(party="9999", **facts):
    return DataTable(
        party=party, namespace="n", name="t", owner="me", rows=5, columns=[{"name": "id"}, {"name": "x"}], size=1,
        sha256="x", facts=facts, created=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def test_the_first_partys_table_speaks_for_all():
    found = render_table([make("a", partition=4, file="a.csv"), make("b")])
    assert (found["exist"], found["count"], found["partition"], found["origin"]) == (1, 5, 4, "upload")
    assert (found["parties"], found["address"]["party_id"]) == (["a", "b"], "a")


def test_a_table_that_nobody_uploaded_this_way_has_defaults():
    found = render_table([make(disabled=True)])
    assert (found["partition"], found["enable"], found["extend_sid"], found["origin"]) == (1, False, False, "table")


def test_a_missing_table_has_the_same_members():
    missing = render_missing(TableName("n", "t"))
    assert (missing["exist"], missing["count"]) == (0, 0)
    assert missing.keys() == render_table([make()]).keys() - {"parties"}


def test_an_output_is_told_like_a_table():
    where = Where(step="s", role="guest", party="9999", attempt=1, task="t1")
    output = OutputView(where=where, seq=3, name="data", kind="table", size=1, sha256="x", facts={"rows": 7})
    found = render_output(TableName("n", "t"), output, ["id", "a", "b"])
    assert (found["count"], found["schema"], found["origin"]) == (7, {"sid": "id", "header": "a,b"}, "output")
    assert render_output(TableName("n", "t"), output, [])["schema"] == {"sid": "", "header": ""}
