"""What `up` writes down for `ps` and `down`."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder, make_folder
from fedrota.up.record import (
    ProcessRecord,
    Record,
    find_process,
    find_record,
    find_running,
    is_same_process,
    kill_leftovers,
    start_time,
    write_record,
)


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "state")


@pytest.fixture
def sleeper():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def record_of(pid, created, *processes):
    return Record(pid=pid, created=created, phase="ready", url="u", flower_url="", processes=processes)


def process_of(pid, created):
    return ProcessRecord(name="worker.1", kind="worker", note="", pid=pid, created=created, state="ready", restarts=0)


def test_what_is_written_is_read_again(folder):
    record = record_of(os.getpid(), start_time(os.getpid()), process_of(1, 2.0))
    write_record(folder, record)
    assert find_running(folder) == record
    assert folder.record.stat().st_mode & 0o777 == 0o600


def test_no_record_means_nothing_runs(folder):
    assert find_record(folder) is None
    assert find_running(folder) is None


def test_in_a_file_runs_nothing_and_a_record_that_may_not_be_read_is_named(folder):
    (folder.root / "file").touch()
    assert find_running(StateFolder(folder.root / "file")) is None
    folder.record.mkdir()
    with pytest.raises(UpError, match=f"cannot read {folder.record}: Is a directory"):
        find_running(folder)


def test_another_process_with_the_same_pid_does_not_count(folder):
    write_record(folder, record_of(os.getpid(), start_time(os.getpid()) - 3600))
    assert find_running(folder) is None
    assert find_process(os.getpid(), 0.0) is None


def test_an_ended_process_is_not_the_same(sleeper):
    created = start_time(sleeper.pid)
    assert is_same_process(sleeper.pid, created)
    sleeper.kill()
    sleeper.wait()
    assert not is_same_process(sleeper.pid, created)


def go_before(sleeper, monkeypatch, name):
    """The process is gone once it has been found, before psutil does `name` to it."""
    asked = getattr(psutil.Process, name)

    def after_its_end(process, *given, **named):
        sleeper.kill()
        sleeper.wait()
        return asked(process, *given, **named)

    monkeypatch.setattr(psutil.Process, name, after_its_end)


def test_a_process_that_ends_while_it_is_looked_at_runs_no_more(sleeper, monkeypatch):
    created = start_time(sleeper.pid)
    go_before(sleeper, monkeypatch, "status")
    assert not is_same_process(sleeper.pid, created)


@pytest.mark.parametrize("step", ["children", "kill"])
def test_a_leftover_that_ends_by_itself_meanwhile_is_no_error(folder, sleeper, monkeypatch, step):
    write_record(folder, record_of(999_999, 0.0, process_of(sleeper.pid, start_time(sleeper.pid))))
    go_before(sleeper, monkeypatch, step)
    assert kill_leftovers(folder) == ["worker.1"]


def test_a_record_that_goes_while_it_is_looked_for_means_nothing_runs(folder, monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda _path: True)
    assert find_record(folder) is None


def test_leftovers_of_a_vanished_run_are_killed(folder, sleeper):
    write_record(folder, record_of(999_999, 0.0, process_of(sleeper.pid, start_time(sleeper.pid))))
    assert kill_leftovers(folder) == ["worker.1"]
    assert sleeper.wait(60) == -9


def test_a_stranger_with_a_leftovers_pid_is_let_live(folder, sleeper):
    write_record(folder, record_of(999_999, 0.0, process_of(sleeper.pid, start_time(sleeper.pid) - 3600)))
    assert kill_leftovers(folder) == []
    assert sleeper.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"processes": [], "pid": 1, "of_the_next_release": 2}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path, text):
    folder = make_folder(tmp_path / "state")
    folder.record.write_text(text)
    assert (find_record(folder), find_running(folder), kill_leftovers(folder)) == (None, None, [])
