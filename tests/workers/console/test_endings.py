import signal
import threading

import pytest

from scheduler.domain.errors import InvalidDocumentError
from workers.console import endings
from workers.console.endings import make_ending_ops
from workers.workdir import Workdir


@pytest.fixture
def told(monkeypatch):
    """What the process was told, in place of its end."""
    heard = []
    monkeypatch.setattr(endings, "PAUSE_S", 0.0)
    monkeypatch.setattr(endings.os, "kill", lambda _pid, number: heard.append(number))
    return heard


@pytest.fixture
def workdir(tmp_path):
    workdir = Workdir(tmp_path, "site-1")
    workdir.prepare()
    return workdir


def end(workdir, how, reconnect=lambda: None):
    answer = make_ending_ops(workdir, reconnect=reconnect)["worker.end"]({"how": how, "by": "admin"}, iter(()))
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
