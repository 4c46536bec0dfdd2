import json
import os
import subprocess
import sys

import pyarrow
import pyarrow.parquet
import pytest

from workers.tables import child
from workers.tables.child import convert
from workers.tables.csv_checks import TableError


def run(tmp_path, content, **request):
    source = tmp_path / "source"
    source.write_bytes(content)
    full = {"format": "csv", "target": str(tmp_path / "out"), "id_column": "", "label_column": "", **request}
    with source.open("rb") as file:
        return convert(file, full), pyarrow.parquet.read_table(tmp_path / "out")


def test_types_are_found_over_the_whole_file(tmp_path):
    facts, table = run(tmp_path, b"a,b,c,d\n" + b"1,x,,true\n" * 5 + b"2.5,,,false\n")
    assert [column["type"] for column in facts["columns"]] == ["double", "string", "string", "bool"]
    assert table["b"].to_pylist()[-1] is None


def test_blanks_after_the_delimiters_belong_neither_to_names_nor_to_numbers(tmp_path):
    facts, table = run(tmp_path, b"id, y ,\tx0\na1, 1, 0.5\na2, 0, -2\n", label_column="y")
    assert facts["columns"] == [
        {"name": "id", "type": "string"},
        {"name": "y", "type": "int64"},
        {"name": "x0", "type": "double"},
    ]
    assert (facts["label_column"], table["x0"].to_pylist()) == ("y", [0.5, -2.0])


def test_a_large_file_is_read_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "LARGE_BYTES", 100)
    monkeypatch.setattr(child, "BLOCK_BYTES", 4096)
    facts, table = run(tmp_path, b"a,b\n" + b"1,xyz\n" * 20_000)
    assert facts["rows"] == table.num_rows == 20_000


def test_a_type_that_changes_in_a_later_block_is_named_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "LARGE_BYTES", 100)
    monkeypatch.setattr(child, "BLOCK_BYTES", 4096)
    with pytest.raises(TableError) as wrong:
        run(tmp_path, b"a,b\n" + b"1,2\n" * 5000 + b"1,word\n")
    assert (wrong.value.where, wrong.value.message) == ("line 5002", "column 'b': 'word' is no int64")


def test_twice_the_same_column_in_parquet_is_refused(tmp_path):
    table = pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    pyarrow.parquet.write_table(table, tmp_path / "p")
    with pytest.raises(TableError, match="'a' occurs twice"):
        run(tmp_path, (tmp_path / "p").read_bytes(), format="parquet")


def test_an_empty_parquet_file_is_refused(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"a": pyarrow.array([], pyarrow.int64())}), tmp_path / "p")
    with pytest.raises(TableError, match="no rows"):
        run(tmp_path, (tmp_path / "p").read_bytes(), format="parquet")


def test_an_answer_counts_though_the_process_could_not_end_in_order(tmp_path, repository):
    """Arrow's threads may abort it then, on a busy machine."""
    program = (
        "import atexit, os, runpy; atexit.register(os.abort); runpy.run_module('workers.tables.child', {}, '__main__')"
    )
    (tmp_path / "source").write_text("a,b\n1,2\n")
    with (tmp_path / "source").open("rb") as file:
        request = {"do": "convert", "file": file.fileno(), "format": "csv", "target": str(tmp_path / "out"), "id_column": "",
                "label_column": ""}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", program], input=json.dumps(request), capture_output=True, text=True, check=False,
            cwd=repository, pass_fds=[file.fileno()],
        )  # fmt: skip
    assert done.returncode == os.EX_OK, done.stderr
    assert json.loads(done.stdout)["rows"] == 1
