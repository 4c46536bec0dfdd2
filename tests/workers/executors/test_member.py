import threading
import time

import pytest

from tests.workers.fakes import make_assignment, make_peer
from tests.workers.workshop import Letterbox, Recorder
from workers.exchange.port import Letter
from workers.executors.base import AssignmentError, Ending, failure
from workers.executors.member import MemberExecutor, MemberRun

DONE = Ending(outcome="success")


class Inner:
    """A runner and the handle that it gives."""

    def __init__(self):
        self.calls = []
        self.run = None

    def start(self, assignment, place, sink):
        self.run, self.place, self.sink = assignment.run, place, sink
        return self

    def stop(self, grace_s):
        self.calls.append(("stop", grace_s))

    def kill(self):
        self.calls.append("kill")

    def log_size(self):
        return 7


class Simple(MemberRun):
    unfit = problem = ""

    def check(self):
        if self.unfit:
            raise AssignmentError(self.unfit)

    def prepare(self):
        if self.problem:
            raise AssignmentError(self.problem)


class Host(MemberExecutor):
    def make_run(self, assignment, *, place, sink):
        return Simple(self, assignment, place=place, sink=sink)


@pytest.fixture
def host(workshop):
    return Host(workshop.loop, exchange=Letterbox())


@pytest.fixture
def member(host, workshop):
    return Simple(host, make_assignment(task="t1"), place=workshop.make_place(), sink=Recorder())


def settle(member):
    """Let the loop do what it has been told."""
    done = threading.Event()
    member.loop.call(lambda: member.loop.aio.call_soon(done.set))
    assert done.wait(60)


def test_what_runs_inside_gets_the_members_orders_and_tells_the_sink(member):
    inner = Inner()
    member.begin()
    member.run_inside(inner, {"command": ["x"]})
    assert (inner.run, inner.place, member.log_size()) == ({"command": ["x"]}, member.place, 7)
    member.stop(2.0)
    member.kill()
    settle(member)
    assert inner.calls == [("stop", 2.0), "kill"]
    inner.sink.started(9)
    inner.sink.progressed(0.5)
    inner.sink.summed({"a": 1})
    inner.sink.ended(DONE)
    assert member.sink.wait() == DONE
    assert (member.sink.pids, member.sink.fractions, member.sink.summary) == ([9], [0.5], {"a": 1})


def test_an_executor_begins_a_member_which_finds_the_others_by_role(host, workshop):
    server, client = make_peer("t2", role="server", party="a"), make_peer("t3", role="client", party="b")
    assignment = make_assignment(task="t1", peers=(server, client))
    member = host.start(assignment, workshop.make_place(), Recorder())
    settle(member)
    assert host.exchange.opened == ["t1"]
    assert (member.find_server(), member.list_others()) == (server, {"b": client})
    member.finish(DONE)


def test_the_exchange_is_open_while_the_member_runs(member, host):
    member.begin()
    assert host.exchange.opened == ["t1"]
    member.finish(DONE)
    member.finish(failure("error", "again"))
    assert host.exchange.closed == [("t1", "success")]
    assert member.sink.endings == [DONE]


def test_a_member_that_does_not_talk_opens_nothing(member, host):
    member.talks = False
    member.begin()
    member.finish(DONE)
    assert (host.exchange.opened, host.exchange.closed) == ([], [])


def test_a_member_that_can_never_work_here_says_so(member):
    member.problem = "run: it wants more"
    member.begin()
    assert (member.sink.wait().kind, member.sink.wait().message) == ("invalid", "run: it wants more")


def test_a_member_that_was_stopped_before_it_began_does_not_begin(member, host):
    member.stop(3.0)
    settle(member)
    member.begin()
    assert member.sink.wait().kind == "stopped"
    assert host.exchange.opened == []


def test_giving_up_kills_what_runs(member):
    inner = Inner()
    member.run_inside(inner, {})
    member.give_up(failure("unreachable", "the server is gone"))
    assert inner.calls == ["kill"]
    assert (member.sink.wait().kind, member.sink.wait().log_size) == ("unreachable", 7)


def test_a_peer_that_is_gone_may_say_first_why(member, monkeypatch):
    """Whose report comes first decides what becomes of the run."""
    monkeypatch.setattr("workers.executors.member.FOLLOW_S", 0.3)
    inner = Inner()
    member.run_inside(inner, {})
    began = time.monotonic()
    member.loop.call(member.follow, "the server's party is gone")
    ending = member.sink.wait()
    assert time.monotonic() - began > 0.25
    assert (ending.kind, ending.message, inner.calls) == ("unreachable", "the server's party is gone", ["kill"])


def test_letters_come_in_the_loops_thread_and_never_after_the_end(member, host):
    got = []
    member.receive(Letter("t2", "a"), timeout_s=1.0, then=lambda message, error: got.append((bytes(message), error)))
    member.receive(Letter("t2", "b"), timeout_s=1.0, then=lambda message, error: got.append((bytes(message), error)))
    host.exchange.send("t2", 1, Letter("t1", "a"), b"one", on_done=lambda _error: None)
    settle(member)
    member.finish(DONE)
    host.exchange.send("t2", 1, Letter("t1", "b"), b"two", on_done=lambda _error: None)
    settle(member)
    assert got == [(b"one", "")]
    member.send(Letter("t2", "c", 4), b"three")
    assert host.exchange.sent["t2", "c", 4] == b"three"
