import os
from pathlib import Path

import pytest

from scheduler.domain.errors import ConflictError, ForbiddenError, InvalidDocumentError, NotFoundError
from workers.tables.roots import Roots, pick_roots


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.csv").write_text("id\n1\n")
    return folder


@pytest.fixture
def roots(root):
    return Roots((root,))


def test_a_file_below_a_root_is_opened(roots, root):
    with roots.open(str(root / "sub" / ".." / "sub" / "a.csv")) as file:
        assert file.read() == b"id\n1\n"


@pytest.mark.parametrize("path", ["{root}/../outside.csv", "/etc/passwd", "{root}", "/", "{root}-beside/a.csv"])
def test_nothing_else_is(roots, root, path):
    for name in ("outside.csv", "root-beside"):
        (root.parent / name).mkdir()
    with pytest.raises(ForbiddenError, match="FEDROTA_ALLOWED_ROOTS"):
        roots.open(path.format(root=root))


@pytest.mark.parametrize("path", ["", "a.csv", "sub/a.csv", "{root}/a\0.csv", "/" + "a" * 5000])
def test_a_path_must_be_absolute_and_sound(roots, root, path):
    with pytest.raises(InvalidDocumentError):
        roots.open(path.format(root=root))


def test_links_lead_nowhere_else(roots, root, tmp_path):
    (tmp_path / "secret").write_text("x")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    for path in (root / "link", root / "folder" / "secret"):
        with pytest.raises(ForbiddenError):
            roots.open(str(path))
        with pytest.raises(ForbiddenError):
            roots.find_target(str(path))


def test_what_is_no_file_is_not_opened(roots, root):
    os.mkfifo(root / "pipe")
    for name in ("none.csv", "sub", "pipe"):
        with pytest.raises(NotFoundError):
            roots.open(str(root / name))


def test_hidden_files_and_state_folders_stay_closed(roots, root):
    (root / ".ssh").mkdir()
    (root / ".ssh" / "key").write_text("x")
    state = root / "state"
    (state / "parties").mkdir(parents=True)
    (state / "up.lock").touch()
    (state / "parties" / "a.token").write_text("x")
    for path in (root / ".ssh" / "key", state / "parties" / "a.token", root / "sub" / ".x.csv"):
        with pytest.raises(ForbiddenError):
            roots.open(str(path))
    with pytest.raises(ForbiddenError):
        roots.find_target(str(state / "new.csv"))
    assert not (state / "new.csv").exists()


def test_a_target_gets_its_folder(roots, root):
    target = roots.find_target(str(root / "new" / "deep" / "a.csv"))
    assert target.parent.is_dir()
    assert roots.find_target(str(root / "sub" / "a.csv")) == root.resolve() / "sub" / "a.csv"


def test_only_tables_are_written_over(roots, root):
    (root / "tool.py").write_text("x")
    for name in ("tool.py", "sub"):
        with pytest.raises(ConflictError, match="written over"):
            roots.find_target(str(root / name))
    with pytest.raises(InvalidDocumentError, match="cannot be made"):
        roots.find_target(str(root / "tool.py" / "a.csv"))


def test_without_roots_nothing_may_be_named():
    with pytest.raises(ForbiddenError, match="nothing"):
        Roots(()).open("/etc/passwd")


def test_a_worker_of_this_machine_has_roots_and_one_elsewhere_has_none(tmp_path):
    local = pick_roots((), "http://127.0.0.1:9380")
    assert Path.home() in local
    assert pick_roots((), "https://centre.example.org") == ()
    assert pick_roots((tmp_path,), "http://127.0.0.1:9380") == (tmp_path,)
