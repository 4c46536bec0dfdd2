import os
import signal
import socket
import subprocess
import threading

import pytest

from tests.workers.fakes import is_alive, until
from workers.executors import nursery as nursery_module
from workers.executors.base import Limits
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery


def test_a_killed_zygote_takes_its_tasks_along_and_another_takes_its_place(make_workshop, tmp_path):
    workshop = make_workshop()
    first = workshop.nursery.zygote_pid
    component = workshop.run("sleeping")
    command = workshop.command("sh", "-c", f"(setsid sleep 60 & echo $! > {tmp_path}/pid); sleep 60")
    pids = [component.sink.wait_begun(), command.sink.wait_begun()]
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    os.kill(first, signal.SIGKILL)
    for run in (component, command):
        ending = run.sink.wait()
        assert (ending.kind, ending.outcome) == ("lost", "failed")
        assert "the process that starts the tasks died" in ending.message
    pids.append(int((tmp_path / "pid").read_text()))
    until(lambda: not any(map(is_alive, pids)))
    again = workshop.run("quick")
    assert again.sink.wait().outcome == "success"
    assert workshop.nursery.zygote_pid != first


def test_a_task_that_is_started_while_there_is_no_zygote_waits_for_the_next(make_workshop):
    workshop = make_workshop()
    os.kill(workshop.nursery.zygote_pid, signal.SIGKILL)
    runs = [workshop.run("fresh") for _ in range(3)]
    outcomes = {run.sink.wait().kind for run in runs}
    assert outcomes <= {"", "lost"}  # lost only where the dying zygote had been asked already


def test_a_zygote_that_has_just_died_may_be_asked_to_load_more(make_workshop):
    workshop = make_workshop()
    errors = []
    workshop.loop.on_error = lambda: errors.append("the worker would have ended")
    first = workshop.nursery.zygote_pid

    def die_and_ask():
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        workshop.nursery._ask_preload()

    workshop.loop.call(die_and_ask)
    until(lambda: workshop.nursery.zygote_pid != first)
    assert errors == []


def test_a_zygote_counts_as_hanging_so_long_after_it_was_asked(tmp_path, monkeypatch):
    """A process may be asked for while there is no zygote, which takes its time to start."""
    nursery = Nursery(ExecutorLoop(), site=tmp_path, modules=(), limits=Limits())
    planned = []
    monkeypatch.setattr(nursery._loop, "later", lambda _delay_s, function, *args: planned.append((function, args)))
    process = nursery.fork()
    ((ask, arguments),) = planned
    planned.clear()
    nursery._control, zygote = socket.socketpair()
    nursery._is_ready.set()
    ask(*arguments)
    assert planned == [(nursery._check_born, (1,))]
    for each in (process, nursery._control, zygote):
        each.close()
    nursery._loop.stop()


def test_closing_leaves_no_process(make_workshop):
    workshop = make_workshop()
    run = workshop.run("sleeping")
    pids = [run.sink.wait_begun(), workshop.nursery.zygote_pid]
    workshop.nursery.close()
    until(lambda: not any(map(is_alive, pids)))


@pytest.fixture
def empty(tmp_path):
    """A nursery that is not started, and a process that bears its mark."""
    nursery = Nursery(ExecutorLoop(), site=tmp_path, modules=(), limits=Limits())
    name, _, value = nursery.mark.partition("=")
    left = subprocess.Popen(["sleep", "60"], env={**os.environ, name: value})
    yield nursery, left
    left.kill()
    left.wait()


def test_killing_returns_only_when_the_killed_are_dead(empty, monkeypatch):
    """A process lives on for a moment after SIGKILL; on a busy machine for longer."""
    nursery, left = empty
    monkeypatch.setattr(nursery_module, "DEATH_PATIENCE_S", 60.0)
    real = nursery_module.signal_quietly
    late = lambda pid, number: threading.Timer(0.1, real, (pid, number)).start()  # noqa: E731
    monkeypatch.setattr(nursery_module, "signal_quietly", late)
    assert nursery.kill_marked() == 1
    assert not is_alive(left.pid)
    assert nursery.kill_marked() == 0


def test_a_process_that_does_not_die_is_named(empty, monkeypatch):
    nursery, left = empty
    said = []
    monkeypatch.setattr(nursery_module.log, "error", lambda event, **facts: said.append((event, facts)), raising=False)
    monkeypatch.setattr(nursery_module, "DEATH_PATIENCE_S", 0.05)
    monkeypatch.setattr(nursery_module, "signal_quietly", lambda *_: None)
    assert nursery.kill_marked() == 1
    assert said == [("leftovers_do_not_die", {"pids": [left.pid]})]


def test_the_zygote_does_not_see_the_workers_secrets(make_workshop, monkeypatch):
    monkeypatch.setenv("FEDROTA_TOKEN", "frt_secret")
    workshop = make_workshop()
    with open(f"/proc/{workshop.nursery.zygote_pid}/environ", "rb") as environment:
        text = environment.read()
    assert b"frt_secret" not in text
    assert workshop.nursery.mark.encode() in text
