"""The requests about data tables."""

from fedrota.requests import tables


def test_lines():
    assert tables.tables(party="1", namespace="n", limit=3).query == (
        ("party", "1"),
        ("namespace", "n"),
        ("limit", "3"),
    )
    assert tables.table("1", "a b").path == "/parties/1/tables/a%20b"
    assert tables.table("1", "t", namespace="n").query == (("namespace", "n"),)
    assert tables.delete_table("1", "t").method == "DELETE"
    preview = tables.preview_table("1", "t", offset=2, limit=5)
    assert preview.path == "/parties/1/tables/t/preview"
    assert preview.query == (("namespace", "default"), ("offset", "2"), ("limit", "5"))


def test_put_names_what_its_sender_adds():
    call = tables.put_table("1", "t", {"replace": False, "id_column": "id"}, content_type=tables.CSV, size=None)
    assert (call.method, call.path, call.headers) == ("PUT", "/parties/1/tables/t", {"Content-Type": "text/csv"})
    assert call.query == (("replace", "false"), ("id_column", "id"))
    assert not call.repeatable
