"""`fedrota tables` and `fedrota upload`."""

import io
from contextlib import contextmanager

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
        "  columns: id",
        "  fedrota tables preview 9999 breast",
    ]
    assert gateway.last.body == b"id,y\na,1\n"
    assert gateway.last.query == {"namespace": "default", "replace": "true", "id_column": "id", "label_column": "y"}


def test_an_upload_tells_of_its_table_when_the_bar_has_gone(fedrota, gateway, tmp_path, monkeypatch):
    @contextmanager
    def bar(label, total):
        yield lambda done, of: None
        print("the bar goes")

    monkeypatch.setattr("fedrota.cli.tables.transfer_bar", bar)
    (tmp_path / "breast.csv").write_text("id,y\na,1\n")
    gateway.on("PUT", "/parties/9999/tables/breast", gateway.answers["GET", "/parties/9999/tables/breast"][1], 201)
    assert fedrota("upload", "9999", "breast.csv").out.startswith("the bar goes\nstored breast")


@pytest.mark.parametrize(("given", "sent"), [(";", ";"), ("tab", "\t"), ("\\t", "\t")])
def test_upload_says_how_the_file_is_written(fedrota, gateway, tmp_path, given, sent):
    (tmp_path / "breast.csv").write_text("a;1\n")
    gateway.on("PUT", "/parties/9999/tables/breast", gateway.answers["GET", "/parties/9999/tables/breast"][1], 201)
    assert fedrota("upload", "9999", "breast.csv", "--delimiter", given, "--no-header").code == 0
    assert gateway.last.query == {"namespace": "default", "replace": "false", "delimiter": sent, "header": "false"}


def test_upload_names_the_first_of_many_columns(fedrota, gateway, tmp_path):
    (tmp_path / "breast.csv").write_text("id,y\na,1\n")
    table = gateway.answers["GET", "/parties/9999/tables/breast"][1]
    columns = [{"name": f"x{number}", "type": "double"} for number in range(10)]
    gateway.on("PUT", "/parties/9999/tables/breast", {**table, "columns": columns}, 201)
    assert "  columns: x0, x1, x2, x3, x4, x5, x6, x7 and 2 more\n" in fedrota("upload", "9999", "breast.csv").out


@pytest.mark.parametrize(("words", "hinted"), [((), True), (("--name", "my data"), False)])
def test_a_name_that_came_from_the_file_and_is_refused_is_told_with_the_option(
    fedrota, gateway, tmp_path, words, hinted
):
    (tmp_path / "my data.csv").write_text("id\n")
    problems = [{"where": "name", "message": "'my data' has other characters", "hint": ""}]
    gateway.refuse("PUT", "/parties/9999/tables/my%20data", 422, code="invalid", message="wrong", problems=problems)
    found = fedrota("upload", "9999", "my data.csv", *words)
    assert "'my data' has other characters" in found.err
    assert ("say with --name what the table is called" in found.err) is hinted


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
