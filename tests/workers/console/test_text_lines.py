import io
import itertools

import pytest

from workers.console import text_lines
from workers.console.text_lines import cap, show_file

TEXT = b"a\n\n\nb\tc\n\xff\n"


@pytest.fixture
def show(tmp_path):
    def call(command, text=TEXT, **options):
        path = tmp_path / "f"
        path.write_bytes(text)
        with path.open("rb") as file:
            return "".join(show_file(file, command, options))

    return call


def test_cat_numbers_squeezes_and_shows_tabs(show):
    assert show("cat") == "a\n\n\nb\tc\n�\n"
    assert show("cat", n=0).splitlines()[:4] == ["     1\ta", "     2\t", "     3\t", "     4\tb\tc"]
    assert show("cat", b=0, n=0).splitlines()[:4] == ["     1\ta", "", "", "     2\tb\tc"]
    assert show("cat", s=0) == "a\n\nb\tc\n�\n"
    assert "b^Ic\n" in show("cat", T=0)


def test_head_and_tail_count_lines_or_bytes(show):
    many = b"".join(b"%d\n" % number for number in range(100))
    assert show("head", many) == "".join(f"{number}\n" for number in range(10))
    assert show("tail", many) == "".join(f"{number}\n" for number in range(90, 100))
    assert show("head", many, n=2) == "0\n1\n"
    assert show("tail", many, n=0) == ""
    assert show("head", many, c=3) == "0\n1"
    assert show("tail", many, c=3) == "99\n"
    assert show("tail", b"xy", c=10) == "xy"


def test_the_end_of_a_large_file_is_found_without_reading_it_all(show, monkeypatch):
    monkeypatch.setattr(text_lines, "TAIL_BYTES", 64)
    many = b"".join(b"line %d\n" % number for number in range(1000))
    assert show("tail", many, n=2) == "line 998\nline 999\n"


def test_endless_text_is_cut(monkeypatch):
    monkeypatch.setattr(text_lines, "MAX_BYTES", 10)
    assert "".join(cap(itertools.repeat("abc"))) == "abcabcabca\n... cut after 10 characters\n"
    assert "".join(cap(iter(["abc"]))) == "abc"


def test_the_file_is_closed():
    file = io.BytesIO(b"x")
    assert "".join(show_file(file, "cat", {})) == "x"
    assert file.closed
