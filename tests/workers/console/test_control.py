import logging
import signal
import threading

import pytest

from scheduler.domain.errors import InvalidDocumentError
from workers.console import control
from workers.console.control import make_control_ops
from workers.workdir import Workdir


@pytest.fixture
def told(monkeypatch):
    """What the process was told, in place of its end."""
    heard = []
    monkeypatch.setattr(control, "PAUSE_S", 0.0)
    monkeypatch.setattr(control.os, "kill", lambda _pid, number: heard.append(number))
    return heard


@pytest.fixture
def workdir(tmp_path):
    workdir = Workdir(tmp_path, "site-1")
    workdir.prepare()
    return workdir


def end(workdir, how, reconnect=lambda: None):
    ops = make_control_ops(workdir, log_level="WARNING", reconnect=reconnect)
    answer = ops["worker.end"]({"how": how, "by": "admin"}, iter(()))
    for timer in [one for one in threading.enumerate() if isinstance(one, threading.Timer)]:
        timer.join()
    return answer.result


def test_restart_ends_the_process_in_order(workdir, told):
    assert end(workdir, "restart") == {"done": "restart"}
    assert told == [signal.SIGTERM]
    assert not workdir.down.exists()


def test_shutdown_leaves_word_that_it_is_to_stay_down_until_the_next_start(workdir, told):
    end(workdir, "shutdown")
    assert told == [signal.SIGTERM]
    assert workdir.down.exists()
    workdir.prepare()
    assert not workdir.down.exists()


def test_reconnect_ends_only_the_connection(workdir, told):
    calls = []
    end(workdir, "reconnect", lambda: calls.append(1))
    assert (calls, told) == ([1], [])


@pytest.mark.parametrize("how", ["kill", None, 1])
def test_other_ways_are_refused(workdir, told, how):
    with pytest.raises(InvalidDocumentError, match="restart, shutdown, reconnect"):
        end(workdir, how)
    assert told == []


@pytest.fixture
def root():
    found = logging.getLogger()
    before = found.level
    yield found
    found.setLevel(before)


def change(workdir, level):
    ops = make_control_ops(workdir, log_level="WARNING", reconnect=lambda: None)
    return ops["log.level"]({"level": level, "by": "admin"}, iter(())).result


def test_the_worker_logs_from_the_level_on_that_is_named(workdir, root):
    assert change(workdir, "DEBUG") == {"level": "DEBUG"}
    assert root.level == logging.DEBUG
    assert change(workdir, "CRITICAL") == {"level": "CRITICAL"}
    assert root.level == logging.CRITICAL


def test_it_goes_back_to_what_the_settings_say(workdir, root):
    change(workdir, "DEBUG")
    assert change(workdir, "reload") == {"level": "WARNING"}
    assert root.level == logging.WARNING


@pytest.mark.parametrize("level", ["", "info", "10", "verbose", None])
def test_what_is_no_level_changes_nothing(workdir, root, level):
    root.setLevel(logging.INFO)
    with pytest.raises(InvalidDocumentError, match="use one of DEBUG"):
        change(workdir, level)
    assert root.level == logging.INFO
