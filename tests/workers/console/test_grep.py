import time

import pytest

from scheduler.domain.errors import InvalidDocumentError
from workers.console import grep
from workers.console.grep import run_grep, translate


@pytest.fixture
def search(tmp_path, monkeypatch):
    monkeypatch.setattr(grep, "LIMIT_S", 60.0)

    def call(pattern, options="", text=b"Round 1\nloss 0.5\nround 2\n"):
        path = tmp_path / "log.txt"
        path.write_bytes(text)
        file = path.open("rb")
        found = "".join(run_grep(file, pattern, frozenset(options)))
        assert file.closed
        return found

    return call


def test_lines_numbers_offsets_and_case(search):
    assert search("round") == "round 2\n"
    assert search("round", "i") == "Round 1\nround 2\n"
    assert search("loss", "nb") == "2:8:loss 0.5\n"
    assert search("nothing") == ""
    assert search("^l.*5$") == "loss 0.5\n"


@pytest.mark.parametrize(
    ("basic", "meant"),
    [("a+b", r"a\+b"), (r"a\+b", "a+b"), ("f(x)", r"f\(x\)"), (r"\(a\|b\)", "(a|b)"), (r"\.", r"\.")],
)
def test_signs_are_plain_where_grep_has_them_plain(basic, meant):
    assert translate(basic) == meant


@pytest.mark.parametrize("pattern", ["[", r"\(", "\\"])
def test_what_is_no_pattern_is_refused(search, pattern):
    with pytest.raises(InvalidDocumentError, match="is no pattern"):
        search(pattern)


def test_a_pattern_that_would_take_for_ever_is_ended(search, monkeypatch):
    monkeypatch.setattr(grep, "LIMIT_S", 1.0)
    began = time.monotonic()
    found = search(r"^\(a\+\)\+$", text=b"a" * 60 + b"b\n")
    assert "took longer" in found
    assert time.monotonic() - began < 60
