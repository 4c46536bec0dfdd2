import io

import pytest

from workers.tables.csv_checks import TableError, check_csv, find_bad_line


def test_a_good_file_passes_and_is_left_at_its_beginning():
    file = io.BytesIO("\ufeffid,größe\n1,2\n".encode())
    check_csv(file)
    assert file.tell() == 0
    assert not file.closed


@pytest.mark.parametrize(
    ("content", "where"),
    [(b"a,b\n" + b"1,2\n" * 400_000 + b"\xff,1\n", "line 400002"), (b"x" * (5 << 20), "line 1"), (b'a,"b\n', "line 1")],
)
def test_the_line_is_counted_over_blocks(content, where):
    with pytest.raises(TableError) as wrong:
        check_csv(io.BytesIO(content))
    assert wrong.value.where == where


@pytest.mark.parametrize(
    ("content", "line"), [(b'id,x\n1,2\n2,"3\n4,5\n', 3), (b'id,x\n"1\n",2\n3,"' + b"4\n" * 100_000, 4)]
)
def test_an_open_quote_that_would_swallow_the_lines_after_it_is_refused(content, line):
    with pytest.raises(TableError, match="a quote begins in this row and never ends") as wrong:
        check_csv(io.BytesIO(content))
    assert wrong.value.where == f"line {line}"


@pytest.mark.parametrize("content", [b'id,x\n1,5" pipe\n', b'id,x\n1,"a\nb"\n2,b"\n', b'id,x\n1,"a""b"\n'])
def test_quotation_marks_that_are_text_pass(content):
    assert check_csv(io.BytesIO(content)) == ["id", "x"]


def test_a_value_of_another_type_is_found():
    reason = "In CSV column #1: Row #3: CSV conversion error to int64: invalid value 'x'"
    wrong = find_bad_line(io.BytesIO(b"a,b\n1,2\n3,x\n"), reason)
    assert (wrong.where, wrong.message) == ("line 3", "column 'b': 'x' is no int64")


def test_what_cannot_be_placed_keeps_its_reason():
    assert find_bad_line(io.BytesIO(b"a\n1\n"), "strange").message == "strange"


@pytest.mark.parametrize(
    ("content", "delimiter", "message", "hint"),
    [
        (b"id;y;x0\n1;0;1.5\n", ",", "one column, 'id;y;x0'", "';'"),
        (b"id\ty\n1\t0\n", ",", "one column", "a tab"),
        (b"id,y\n1,0\n", ";", "with ';' between fields it has one column, 'id,y'", "','"),
    ],
)
def test_a_file_that_was_read_with_the_wrong_delimiter_is_refused(content, delimiter, message, hint):
    with pytest.raises(TableError) as wrong:
        check_csv(io.BytesIO(content), delimiter=delimiter)
    assert wrong.value.where == "line 1"
    assert message in wrong.value.message
    assert f"separated by {hint}: give that as delimiter" in wrong.value.hint


@pytest.mark.parametrize("content", [b"id\n1\n", b"id,a;b\n1,2\n", b"PAR1,PAR2\n1,2\n", b"\n1,2\n"])
def test_one_column_of_ids_and_an_odd_name_among_others_pass(content):
    check_csv(io.BytesIO(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b\x08\x00", "it is compressed with gzip"),
        (b"PK\x03\x04\x14", "it is a zip archive or an Excel workbook"),
        (b"PAR1\x15\x04", "it is a Parquet file"),
    ],
)
def test_what_is_no_csv_at_all_is_called_by_its_name(content, message):
    with pytest.raises(TableError) as wrong:
        check_csv(io.BytesIO(content))
    assert (wrong.value.where, wrong.value.message) == ("file", message)
    assert wrong.value.hint
