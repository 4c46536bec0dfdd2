import os

import pytest

from scheduler.domain.errors import NotFoundError
from workers.calls.safe_open import open_file, open_folder


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file").write_bytes(b"content")
    (tmp_path / "outside").mkdir()
    for place in (root, tmp_path, tmp_path / "outside"):
        (place / "file").write_bytes(b"secret")
    return root


def test_a_file_below_the_root_is_opened(root):
    with open_file(root, "a", "b", "file") as file:
        assert file.read() == b"content"


def test_links_are_followed_at_no_place_of_the_path(root, tmp_path):
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "a" / "link").symlink_to(tmp_path / "outside" / "file")
    (root / "a" / "inside").symlink_to(root / "a" / "b")
    for parts in (("link", "file"), ("a", "link"), ("a", "inside", "file")):
        with pytest.raises(NotFoundError):
            open_file(root, *parts)
    with pytest.raises(NotFoundError):
        open_folder(root, "link")


@pytest.mark.parametrize("part", ["..", ".", "", "a/b", "x\0y"])
def test_a_part_that_leaves_its_folder_is_not_there(root, part):
    with pytest.raises(NotFoundError):
        open_file(root, "a", part)
    with pytest.raises(NotFoundError):
        open_file(root, part, "file")
    with pytest.raises(NotFoundError):
        open_folder(root, "a", part)


def test_pipes_and_folders_are_no_files_and_do_not_block(root):
    os.mkfifo(root / "a" / "pipe")
    for name in ("pipe", "b", "absent"):
        with pytest.raises(NotFoundError, match=name):
            open_file(root, "a", name, kind="output")


def test_no_descriptor_is_left_open(root):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        open_file(root, "a", "b", "file").close()
        with pytest.raises(NotFoundError):
            open_file(root, "a", "absent", "file")
        with pytest.raises(NotFoundError):
            open_file(root, "a", "b")
    assert len(os.listdir("/proc/self/fd")) == before
