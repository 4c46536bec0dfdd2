from datetime import UTC, datetime

from api.dialects.fate.responses.uploads import render_schema, render_upload
from scheduler.store.queries.data_tables import DataTable


def make(**facts):
    return DataTable(
        party="9999", namespace="n", name="t", owner="me", rows=5, columns=[{"name": "y"}, {"name": "id"}, {"name": "x"}],
        size=1, sha256="x", facts=facts, created=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def test_a_schema_names_the_id_and_the_rest():
    assert render_schema(make(id_column="id")) == {"header": "y,x", "sid": "id"}
    assert render_schema(make()) == {"header": "id,x", "sid": "y"}
    own = render_schema(make(id_column="id", id_delimiter=";", schema={"header": "old", "own": 1}, meta={"a": 1}))
    assert own == {"header": "y;x", "sid": "id", "own": 1, "meta": {"a": 1}}


def test_an_upload_whose_table_is_gone_has_no_rows():
    params = {"namespace": "n", "name": "t", "partition": 4, "notes": "mine"}
    assert render_upload("1", params, make())["1"]["upload_info"]["upload_count"] == 5
    gone = render_upload("1", params, None)["1"]
    assert (gone["upload_info"]["upload_count"], gone["schema"], gone["notes"]) == (0, {}, "mine")
