import pyarrow
import pyarrow.parquet
import pytest

from workers.tables.csv_checks import TableError
from workers.tables.csv_form import CsvForm
from workers.tables.parquet_files import append_rows, number_rows, write_parquet, write_rows


def batches(*tables):
    return iter([batch for table in tables for batch in pyarrow.table(table).to_batches()])


def rows_of(file, tmp_path, **request):
    target = tmp_path / "out.csv"
    with file.open("rb") as source:
        told = write_rows(
            source, {"target": str(target), "limit": 1 << 62, "delimiter": ",", "header": True, **request}
        )
    assert told["size"] == target.stat().st_size
    return told, target.read_text()


def test_batches_become_one_file(tmp_path):
    rows, schema = write_parquet(tmp_path / "t", batches({"a": [1, 2]}, {"a": [3]}))
    assert (rows, schema.names) == (3, ["a"])
    assert pyarrow.parquet.read_table(tmp_path / "t").to_pydict() == {"a": [1, 2, 3]}


def test_no_batch_is_no_table(tmp_path):
    with pytest.raises(TableError, match="no rows"):
        write_parquet(tmp_path / "t", iter([]))


def test_rows_are_added_behind_and_take_the_older_types(tmp_path):
    write_parquet(tmp_path / "old", batches({"a": [0.5], "b": ["x"]}))
    rows, _ = append_rows(tmp_path / "old", tmp_path / "new", batches({"a": [1], "b": ["y"]}))
    assert rows == 2
    assert pyarrow.parquet.read_table(tmp_path / "new").to_pydict() == {"a": [0.5, 1.0], "b": ["x", "y"]}


@pytest.mark.parametrize(("more", "said"), [({"b": [1]}, "not those of the table"), ({"a": ["x"]}, "do not fit")])
def test_rows_that_do_not_fit_are_refused(tmp_path, more, said):
    write_parquet(tmp_path / "old", batches({"a": [1]}))
    with pytest.raises(TableError, match=said):
        append_rows(tmp_path / "old", tmp_path / "new", batches(more))


def test_row_ids_go_on_over_batches():
    made = list(number_rows(batches({"a": [1, 2]}, {"a": [3]}), CsvForm(row_id="sid", counts=True)))
    assert [batch["sid"].to_pylist() for batch in made] == [[0, 1], [2]]
    texts = [text for batch in number_rows(batches({"a": [1, 2]}), CsvForm(row_id="sid")) for text in batch["sid"]]
    assert len(set(texts)) == 2
    with pytest.raises(TableError, match="already"):
        list(number_rows(batches({"sid": [1]}), CsvForm(row_id="sid")))


def test_rows_are_written_as_csv(tmp_path):
    write_parquet(tmp_path / "t", batches({"id": ["a", "b"], "x": [0.5, None]}))
    told, text = rows_of(tmp_path / "t", tmp_path)
    assert text == "id,x\na,0.5\nb,\n"
    assert (told["columns"], told["rows"], told["total"]) == (["id", "x"], 2, 2)
    told, text = rows_of(tmp_path / "t", tmp_path, limit=1, delimiter=";", header=False)
    assert (text, told["rows"], told["total"]) == ("a;0.5\n", 1, 2)


def test_texts_that_need_quotes_get_them(tmp_path):
    write_parquet(tmp_path / "t", batches({"a,b": ['x"y', "p,q"]}))
    assert rows_of(tmp_path / "t", tmp_path)[1] == '"a,b"\n"x""y"\n"p,q"\n'


def test_what_is_no_table_has_no_rows(tmp_path):
    (tmp_path / "t").write_text("{}")
    with pytest.raises(TableError, match="no table"):
        rows_of(tmp_path / "t", tmp_path)
