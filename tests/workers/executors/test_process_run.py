import os
import signal
import threading
import time
from pathlib import Path

from tests.workers.fakes import is_alive, make_peer, until
from workers.executors import command as command_module
from workers.executors.pool import EAGER
from workers.processes.kernel import list_children

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


def test_stop_interrupts_a_component_and_one_that_looks_by_itself(workshop):
    for component in ("sleeping", "watching"):
        run = workshop.run(component)
        run.sink.wait_begun()
        until(lambda run=run: "at work" in run.log)
        started = time.monotonic()
        run.handle.stop(100)
        assert run.sink.wait().kind == "stopped"
        assert time.monotonic() - started < 50
    assert "seen" in run.log


def test_a_component_that_ignores_the_stop_is_killed_after_its_grace(workshop):
    run = workshop.run("deaf")
    run.sink.wait_begun()
    until(lambda: "deaf now" in run.log)
    started = time.monotonic()
    run.handle.stop(0.3)
    run.sink.wait()
    assert 0.25 < time.monotonic() - started < 50
    until(lambda: not is_alive(run.sink.pids[0]))


def test_a_kill_from_outside_is_reported_as_lost(workshop):
    run = workshop.run("sleeping")
    os.kill(run.sink.wait_begun(), signal.SIGKILL)
    ending = run.sink.wait()
    assert (ending.kind, ending.outcome) == ("lost", "failed")
    assert "SIGKILL" in ending.message


def test_the_log_is_absent_where_nothing_was_printed(workshop):
    run = workshop.run("noop")
    assert run.sink.wait().outcome == "success"
    assert not Path(run.place.log).exists()


def test_an_attempt_that_has_ended_is_not_begun_again_when_its_process_gets_its_number(workshop):
    """A quick one may end before the word of its zygote has come."""
    run = workshop.run("noop")
    run.sink.wait()
    begun = list(run.sink.pids)
    run.handle.on_born(4711)
    assert run.sink.pids == begun


def test_a_task_whose_process_cannot_begin_can_be_stopped(make_workshop):
    workshop = make_workshop()
    until(lambda: list_children(workshop.nursery.zygote_pid))  # the warm one
    warm = list_children(workshop.nursery.zygote_pid)
    workshop.nursery._is_ready.clear()
    run = workshop.run("sleeping")
    run.handle.stop(0.1)
    assert (run.sink.wait().kind, run.sink.pids) == ("stopped", [])
    workshop.nursery._is_ready.set()
    assert workshop.run("fresh").sink.wait().outcome == "success"
    until(lambda: list_children(workshop.nursery.zygote_pid) == warm)


def test_a_task_that_waits_for_a_process_can_be_stopped(make_workshop):
    workshop = make_workshop()
    until(lambda: list_children(workshop.nursery.zygote_pid))  # the warm one
    workshop.nursery._is_ready.clear()
    runs = [workshop.run("lasting", task=f"l{number}") for number in range(EAGER + 1)]
    runs[-1].handle.stop(3600.0)  # there is nothing yet to be patient with
    assert (runs[-1].sink.wait().kind, runs[-1].sink.pids) == ("stopped", [])
    for run in runs[:-1]:
        run.handle.kill()
        run.sink.wait()
    workshop.nursery._is_ready.set()
    assert workshop.run("quick").sink.wait().outcome == "success"


def test_a_stop_while_outputs_are_collected_does_not_undo_a_success(workshop, monkeypatch):
    collect, begun, go_on = command_module.collect_outputs, threading.Event(), threading.Event()

    def wait(*args):
        begun.set()
        assert go_on.wait(60)
        return collect(*args)

    monkeypatch.setattr(command_module, "collect_outputs", wait)
    run = workshop.command("true")
    assert begun.wait(60)
    run.handle.kill()
    workshop.loop.call(go_on.set)
    assert run.sink.wait().outcome == "success"
