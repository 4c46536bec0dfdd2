"""`fedrota tables` and `fedrota upload`."""


def test_list_and_filters(fedrota, gateway):
    assert "breast" in fedrota("tables", "--party", "9999", "--namespace", "n").out
    assert gateway.last.query == {"party": "9999", "namespace": "n", "limit": "1000"}


def test_upload_names_the_table_after_the_file(fedrota, gateway, tmp_path):
    (tmp_path / "breast.csv").write_text("id,y\na,1\n")
    gateway.on("PUT", "/parties/9999/tables/breast", gateway.answers["GET", "/parties/9999/tables/breast"][1], 201)
    found = fedrota("upload", "9999", "breast.csv", "--replace", "--id-column", "id", "--label-column", "y")
    assert found.out.splitlines() == [
        "stored breast at party 9999: 2 rows, 1 columns, 12 B",
        "  fedrota tables preview 9999 breast",
    ]
    assert gateway.last.body == b"id,y\na,1\n"
    assert gateway.last.query == {"namespace": "default", "replace": "true", "id_column": "id", "label_column": "y"}


def test_upload_errors(fedrota, gateway, tmp_path):
    assert "cannot read nope.csv" in fedrota("upload", "9999", "nope.csv").err
    (tmp_path / "t.csv").write_text("id\n")
    gateway.refuse("PUT", "/parties/9999/tables/x", 503, code="unreachable", message="party 9999 is not connected")
    found = fedrota("upload", "9999", "t.csv", "--name", "x")
    assert (found.code, found.err) == (3, "error: party 9999 is not connected\n")


def test_show_preview_rm(fedrota, gateway):
    assert "id (string)" in fedrota("tables", "show", "9999", "breast").out
    out = fedrota("tables", "preview", "9999", "breast", "--limit", "2", "--offset", "1", "--namespace", "n").out
    assert out.splitlines()[0].split() == ["id", "y"]
    assert gateway.last.query == {"namespace": "n", "offset": "1", "limit": "2"}
    gateway.on("DELETE", "/parties/9999/tables/breast", None)
    assert fedrota("tables", "rm", "9999", "breast").out == "deleted table breast at party 9999\n"
