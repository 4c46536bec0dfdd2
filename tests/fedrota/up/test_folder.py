"""The state folder: its lock, its secrets, its memory."""

import subprocess
import sys

import pytest

from fedrota.up.errors import UpError
from fedrota.up.folder import (
    held,
    lasting_secret,
    make_folder,
    recall_parties,
    remember_parties,
    write_private,
)
from fedrota.up.options import PartySpec


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "state")


def test_only_its_owner_can_read_the_folder(folder):
    assert folder.root.stat().st_mode & 0o777 == 0o700
    assert folder.logs.is_dir()


def test_a_second_holder_is_told_how_to_stop_the_first(folder):
    with held(folder), pytest.raises(UpError, match=f"fedrota down --state {folder.root}"), held(folder):
        pass


def test_the_lock_is_free_after_use(folder):
    with held(folder):
        pass
    with held(folder):
        pass


def test_the_lock_of_a_dead_process_is_free(folder):
    code = f"""
from pathlib import Path
import os
from fedrota.up.folder import StateFolder, held
with held(StateFolder(Path({str(folder.root)!r}))):
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with held(folder):
        pass


def test_a_secret_is_made_once_and_private(folder):
    path = folder.broker / "password"
    secret = lasting_secret(path)
    assert len(secret) >= 40
    assert lasting_secret(path) == secret
    assert path.stat().st_mode & 0o777 == 0o600


def test_writing_leaves_no_draft(folder):
    write_private(folder.token, "one")
    write_private(folder.token, "two")
    assert folder.token.read_text() == "two"
    assert [path.name for path in folder.root.iterdir() if path.name.startswith(".")] == []


def test_parties_are_remembered(folder):
    assert recall_parties(folder) == ()
    parties = (PartySpec(id="a", role="guest", slots=2), PartySpec(id="b"))
    remember_parties(folder, parties)
    assert recall_parties(folder) == parties


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UpError, match="give another --state"):
        make_folder(tmp_path / "file" / "state")


def test_a_folder_in_which_nothing_can_be_written_is_named(folder):
    (folder.root / "up.lock").mkdir()
    with pytest.raises(UpError, match=f"cannot write in the state folder {folder.root}: Is a directory"), held(folder):
        pass
