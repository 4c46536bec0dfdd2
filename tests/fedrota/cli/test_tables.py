"""`fedrota tables` and `fedrota upload`."""

import io

import pytest


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


@pytest.mark.parametrize(("given", "sent"), [(";", ";"), ("tab", "\t"), ("\\t", "\t")])
def test_upload_says_how_the_file_is_written(fedrota, gateway, tmp_path, given, sent):
    (tmp_path / "breast.csv").write_text("a;1\n")
    gateway.on("PUT", "/parties/9999/tables/breast", gateway.answers["GET", "/parties/9999/tables/breast"][1], 201)
    assert fedrota("upload", "9999", "breast.csv", "--delimiter", given, "--no-header").code == 0
    assert gateway.last.query == {"namespace": "default", "replace": "false", "delimiter": sent, "header": "false"}


def test_upload_reads_standard_input(fedrota, gateway, monkeypatch):
    gateway.on("PUT", "/parties/9999/tables/breast", gateway.answers["GET", "/parties/9999/tables/breast"][1], 201)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"id,y\na,1\n")))
    assert fedrota("upload", "9999", "-", "--name", "breast").code == 0
    assert gateway.last.body == b"id,y\na,1\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [(("-",), "standard input has no name"), (("t.csv", "--delimiter", "xy"), "'xy' is no single character")],
)
def test_an_upload_that_cannot_be_meant_is_not_sent(fedrota, gateway, words, message):
    found = fedrota("upload", "9999", *words)
    assert found.code == 2
    assert message in found.err
    assert not gateway.asked


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
