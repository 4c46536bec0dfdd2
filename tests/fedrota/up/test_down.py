"""Stopping a running `up` from outside."""

import os
import signal

import pytest

from fedrota.up import down
from fedrota.up.down import stop_running
from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder, make_folder
from fedrota.up.record import Record, find_record, start_time, write_record


def test_nothing_to_stop(tmp_path):
    assert stop_running(make_folder(tmp_path), now=False) is None


@pytest.mark.parametrize("now", [False, True])
def test_it_waits_for_the_end_of_the_run(small_system, now):
    up = small_system.start()
    assert up.stdout.readline().strip() == "READY"
    record = stop_running(StateFolder(small_system.state), now=now)
    assert record.pid == up.pid
    assert up.wait(60) == 0


def test_a_run_that_does_not_end_is_told(small_system):
    up = small_system.start()
    up.stdout.readline()
    up.send_signal(signal.SIGSTOP)
    with pytest.raises(UpError, match="still runs after 0.2 s; `fedrota down --now`"):
        stop_running(StateFolder(small_system.state), now=False, patience_s=0.2)
    up.send_signal(signal.SIGCONT)
    assert up.wait(60) == 0


def test_a_run_of_another_user_is_told(tmp_path, monkeypatch):
    def refuse(_pid):
        raise PermissionError

    me = os.getpid()
    folder = make_folder(tmp_path)
    write_record(folder, Record(pid=me, created=start_time(me), phase="ready", url="", flower_url="", processes=()))
    monkeypatch.setattr(down, "terminate", refuse)
    with pytest.raises(UpError, match=f"process {me} is another user's"):
        stop_running(folder, now=False)


def test_where_nothing_can_be_removed_there_is_nothing_to_stop(tmp_path):
    (tmp_path / "file").touch()
    assert stop_running(StateFolder(tmp_path / "file"), now=False) is None


def test_what_a_killed_run_left_is_cleared(small_system):
    up = small_system.start()
    up.stdout.readline()
    up.kill()
    up.wait()
    folder = StateFolder(small_system.state)
    assert stop_running(folder, now=False) is None
    assert find_record(folder) is None
