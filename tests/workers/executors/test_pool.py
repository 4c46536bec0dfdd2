import threading
import time

import pytest

from tests.workers.fakes import is_alive, until
from workers.executors import pool as pool_module
from workers.executors.pool import EAGER, WarmPool
from workers.processes.kernel import list_children


def test_short_tasks_share_few_processes(make_workshop, monkeypatch):
    monkeypatch.setattr(pool_module, "PATIENCE_S", 60.0)  # on a busy machine these last longer than its true value
    workshop = make_workshop()
    runs = [workshop.run("quick", task=f"q{number}") for number in range(40)]
    for run in runs:
        assert run.sink.wait().outcome == "success"
    assert len({run.log.split()[-1] for run in runs}) <= EAGER + 1


def test_tasks_that_last_do_not_hold_up_others(workshop):
    runs = [workshop.run("lasting", task=f"l{number}") for number in range(EAGER + 3)]
    started = time.monotonic()
    for run in runs:
        run.sink.wait_begun()
    assert time.monotonic() - started < 30  # each of them lasts a minute
    for run in runs:
        run.handle.kill()
        run.sink.wait()


def test_a_crowd_that_is_stopped_while_it_waits_for_processes_is_no_burden(make_workshop, monkeypatch):
    monkeypatch.setattr(pool_module, "PATIENCE_S", 60.0)
    workshop = make_workshop()
    workshop.loop.on_error = lambda: pytest.fail("the worker would have ended")
    busy = [workshop.run("lasting", task=f"l{number}") for number in range(EAGER + 1)]
    crowd = [workshop.run("quick", task=f"q{number}") for number in range(500)]
    for run in crowd:
        run.handle.stop(60.0)
        assert run.sink.wait().kind == "stopped"
    for run in busy:
        run.handle.kill()
        run.sink.wait()
    assert workshop.run("quick").sink.wait().outcome == "success"


class FakeProcess:
    pid = 1
    is_gone = False

    def close(self):
        """Nothing to close."""


class Counting:
    """A nursery and a loop for a pool: counts what is forked, keeps what is put off."""

    def __init__(self):
        self.forked = []
        self.later = lambda _delay_s, look: setattr(self, "look", look)

    def fork(self):
        self.forked.append(FakeProcess())
        return self.forked[-1]


@pytest.mark.parametrize(("returned", "made"), [(0, 1), (1, 1), (3, 0)])
def test_more_processes_are_made_only_where_those_there_are_come_back_too_slowly(returned, made):
    around = Counting()
    pool = WarmPool(around, around, most_idle=4)
    begun = []
    for _ in range(EAGER + 20 + returned):
        pool.take(begun.append)
    assert len(around.forked) == EAGER
    for process in around.forked[:1] * returned:  # it ends one task after the other
        pool.give_back(process)
    around.look()
    assert len(around.forked) == EAGER + made
    assert len(begun) == EAGER + returned + made


def test_nobody_gets_a_process_that_died_after_its_last_task():
    around = Counting()
    pool = WarmPool(around, around, most_idle=4)
    begun = []
    for _ in range(EAGER + 1):
        pool.take(begun.append)
    dead, other = around.forked[:2]
    dead.is_gone = True
    pool.give_back(dead)
    assert (len(around.forked), begun[-1]) == (EAGER + 1, around.forked[-1])
    other.is_gone = True
    pool.give_back(other)
    pool.take(begun.append)
    assert (len(around.forked), begun[-1]) == (EAGER + 2, around.forked[-1])


def test_a_task_that_is_stopped_while_it_waits_for_a_process_never_begins(make_workshop, monkeypatch):
    monkeypatch.setattr(pool_module, "PATIENCE_S", 60.0)
    workshop = make_workshop()
    busy = [workshop.run("lasting", task=f"b{number}") for number in range(EAGER)]
    for run in busy:
        run.sink.wait_begun()
    late = workshop.run("quick", task="late")
    late.handle.stop(1.0)
    workshop.loop.call(workshop.components.pool._grow)  # as if the patience were over
    assert late.sink.wait().message == "the task was stopped before it began"
    assert late.log == ""
    for run in busy:
        run.handle.kill()
        run.sink.wait()


def test_what_nobody_needs_is_let_go_and_one_stays(make_workshop, monkeypatch):
    monkeypatch.setattr(pool_module, "IDLE_S", 0.2)
    workshop = make_workshop()
    runs = [workshop.run("briefly", task=f"r{number}") for number in range(4)]
    for run in runs:
        run.sink.wait()
    # Below the zygote, whose children these are: the number of a quick task's process may not be known in time.
    until(lambda: len(list_below(workshop)) == 1)
    threading.Event().wait(0.5)
    (stays,) = list_below(workshop)
    workshop.run("briefly", task="again").sink.wait()
    assert list_below(workshop) == [stays]


def list_below(workshop):
    """The living processes of a workshop."""
    return [pid for pid in list_children(workshop.nursery.zygote_pid) if is_alive(pid)]
