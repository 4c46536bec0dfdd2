import pytest

from scheduler.domain.errors import InvalidDocumentError
from workers.calls.arguments import read_int, read_name, read_text


def test_good_arguments_are_read():
    args = {"name": "a.b-1", "n": 7, "text": "x", "none": None}
    assert read_name(args, "name") == "a.b-1"
    assert read_name(args, "absent", default="d") == "d"
    assert (read_int(args, "n"), read_int(args, "n", most=5), read_int(args, "none", default=3)) == (7, 5, 3)
    assert (read_text(args, "text"), read_text(args, "none", default="y")) == ("x", "y")


@pytest.mark.parametrize("value", [None, 7, "", "..", "a/b", "a\0", ".a", "-a", "a" * 129, "a\n"])
def test_what_is_no_plain_name_is_refused(value):
    with pytest.raises(InvalidDocumentError, match="name"):
        read_name({"name": value}, "name")


@pytest.mark.parametrize("value", ["7", 1.0, True, -1])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InvalidDocumentError, match="n: a whole number"):
        read_int({"n": value}, "n")


@pytest.mark.parametrize("value", [7, "x" * 401])
def test_what_is_no_short_text_is_refused(value):
    with pytest.raises(InvalidDocumentError, match="text"):
        read_text({"text": value}, "text")
