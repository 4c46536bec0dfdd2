import io

import pytest

from workers.tables.csv_checks import TableError
from workers.tables.csv_form import CsvForm


def test_what_is_not_said_is_a_comma_and_a_header():
    assert CsvForm.parse({}) == CsvForm()


def test_names_are_made_for_columns_that_have_none():
    form = CsvForm(has_header=False)
    file = io.BytesIO(b"1,2,3\n4,5,6\n")
    assert form.name_columns(file) == ("id", "x0", "x1")
    assert file.tell() == 0


def test_given_names_come_first_and_no_name_twice():
    assert CsvForm(columns=("user", "x0")).name_columns(io.BytesIO(b"1,2,3,4\n")) == ("user", "x0", "x1", "x2")


def test_quoted_fields_are_one_field():
    assert len(CsvForm().name_columns(io.BytesIO(b'1,"a,b",3\n'))) == 3


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"delimiter": ""}, "delimiter"),
        ({"delimiter": "ab"}, "delimiter"),
        ({"delimiter": "\n"}, "delimiter"),
        ({"delimiter": '"'}, "delimiter"),
        ({"delimiter": "é"}, "delimiter"),
        ({"delimiter": 7}, "delimiter"),
        ({"columns": "id"}, "columns"),
        ({"columns": [1]}, "columns"),
        ({"row_id": 1}, "row_id"),
        ({"row_id": "x" * 201}, "row_id"),
    ],
)
def test_a_form_that_cannot_be(given, where):
    with pytest.raises(TableError) as error:
        CsvForm.parse(given)
    assert error.value.where == where


@pytest.mark.parametrize(("content", "where"), [(b"\n1,2\n", "line 1"), (b"1,2\n", "columns")])
def test_a_file_that_does_not_fit(content, where):
    with pytest.raises(TableError) as error:
        CsvForm(columns=("a", "b", "c")).name_columns(io.BytesIO(content))
    assert error.value.where == where
