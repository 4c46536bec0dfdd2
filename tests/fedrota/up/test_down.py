"""Stopping a running `up` from outside."""

import signal

import pytest

from fedrota.up.down import stop_running
from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder, make_folder
from fedrota.up.record import find_record


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


def test_what_a_killed_run_left_is_cleared(small_system):
    up = small_system.start()
    up.stdout.readline()
    up.kill()
    up.wait()
    folder = StateFolder(small_system.state)
    assert stop_running(folder, now=False) is None
    assert find_record(folder) is None
