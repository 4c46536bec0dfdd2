import os

import pytest

from workers.console import folder_text
from workers.console.folder_text import list_folder


@pytest.fixture
def ls(tmp_path):
    for place, (name, size) in enumerate(
        (("b.txt", 1), ("a.txt", 30), (".hidden", 2), ("startup/key", 3), ("d/e/f.txt", 4))
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        os.utime(path, (1000 - place, 2000 + place))
    (tmp_path / "link").symlink_to("/etc")

    def call(options=""):
        handle = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
        text = "".join(list_folder(handle, frozenset(options), {"startup"}))
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(handle)
        return text

    return call


def test_names_are_sorted_and_hidden_ones_left_out(ls):
    assert ls() == "a.txt\nb.txt\nd\nlink\n"
    assert ls("a").startswith(".hidden\n")
    assert "startup" not in ls("a")


def test_order_by_size_and_time(ls):
    files = [name for name in ls("S").split() if name.endswith(".txt")]
    assert files == ["a.txt", "b.txt"]
    assert [name for name in ls("t").split() if name.endswith(".txt")] == ["a.txt", "b.txt"]
    assert [name for name in ls("u").split() if name.endswith(".txt")] == ["b.txt", "a.txt"]


def test_long_lines_have_mode_size_and_time(ls):
    line = next(line for line in ls("l").splitlines() if line.endswith(" a.txt"))
    assert line.startswith("-rw")
    assert " 30 1970-01-01 00:33 a.txt" in line
    assert next(line for line in ls("l").splitlines() if line.endswith(" link")).startswith("l")


def test_below_goes_into_folders_and_not_through_links(ls):
    text = ls("R")
    assert text.startswith(".:\n")
    assert "./d/e:\nf.txt\n" in text
    assert "passwd" not in text


def test_a_large_folder_is_cut(ls, monkeypatch):
    monkeypatch.setattr(folder_text, "MAX_ENTRIES", 2)
    assert ls() == "a.txt\nb.txt\n... cut after 2 entries\n"
