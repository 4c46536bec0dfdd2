import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.fakes import is_alive, make_assignment, make_peer, until
from tests.workers.workshop import Recorder, Run
from workers.exchange.port import Letter
from workers.executors.base import Ending
from workers.executors.engine_settings import EngineSettings
from workers.executors.iflearner import IflearnerExecutor

STUB = Path(__file__).parent / "iflearner_stub.py"
PEERS = (make_peer("ta", "federate", "a"), make_peer("tb", "federate", "b", 1), make_peer("ts", "server", "a"))


@pytest.fixture
def engine(tmp_path):
    """An interpreter that runs the stub, whatever module is asked for."""
    found = tmp_path / "engine-python"
    found.write_text(f'#!/bin/sh\nexec {sys.executable} {STUB} "$@"\n')
    found.chmod(0o755)
    return found


class Site:
    """Members of one attempt, all on this machine."""

    def __init__(self, workshop, **settings):
        self.workshop = workshop
        self.sinks = {}
        self.executor = IflearnerExecutor(
            workshop.loop,
            exchange=workshop.letters,
            settings=EngineSettings(**settings),
            runners={"command": workshop.commands},
        )

    def start(self, task, peers=PEERS, *, params=None, **run):
        peer = next(peer for peer in PEERS if peer.task == task)
        given = {"engine": "iflearner", "image": "iflearner:0", "workdir": "", "command": ["python"], "epochs": 3,
                 "flags": ["--name={party}", f"--epochs={run.get('epochs', 3)}"], "aggregator": True, **run}  # fmt: skip
        place = self.workshop.make_place()
        assignment = make_assignment(
            task=f"{task}-{id(self)}", role=peer.role, party=peer.party, run=given, params=params or {},
            peers=tuple(make_peer(f"{each.task}-{id(self)}", each.role, each.party, each.position) for each in peers),
        )  # fmt: skip
        sink = Recorder()
        return Run(sink, place, self.executor.start(assignment, place, sink), assignment)


def test_two_trainers_follow_their_aggregator_to_the_end(workshop, engine, tmp_path, monkeypatch):
    monkeypatch.setattr("workers.executors.iflearner.POLL_S", 0.1)
    (tmp_path / "data").mkdir()
    site = Site(workshop, python=engine, roots=(tmp_path,))
    server = site.start("ts")
    a = site.start("ta", params={"data": str(tmp_path / "data")}, flags=["--name={party}", "--epochs=3", "--watched"])
    b = site.start("tb")
    assert a.sink.wait().outcome == "success"
    assert b.sink.wait().outcome == "success"
    assert f"data {tmp_path / 'data'} in {a.place.workdir}" in a.log
    assert "--name=a --epochs=3 --watched --server=127.0.0.1:" in a.log
    assert f"data {b.place.tables}" in b.log
    until(lambda: server.sink.summary.get("parties", {}).get("b", {}).get("complete"))
    assert a.sink.fractions[0] == 0.0
    assert 1 / 3 in a.sink.fractions
    assert a.sink.summary["total_epoch"] == 3
    assert {point.name for point in a.sink.points} == {"epoch"}
    assert server.sink.endings == []  # it never ends by itself
    server.handle.stop(5.0)
    server.sink.wait()
    assert not is_alive(server.sink.pids[0])
    assert "aggregator for 2" in server.log
    assert {task for task, _ in workshop.letters.closed} >= {each.assignment.task for each in (server, a, b)}


def test_a_run_in_which_nothing_moves_is_given_up_with_its_reason(workshop, engine, monkeypatch):
    monkeypatch.setattr("workers.executors.iflearner.POLL_S", 0.1)
    site = Site(workshop, python=engine, stall_s=1000)
    server = site.start("ts")
    trainer = site.start("ta", flags=["--name={party}", "--epochs=3", "--hang"])
    until(lambda: server.sink.summary.get("parties", {}).get("a", {}).get("current_epoch") == 1)
    site.executor.settings = replace(site.executor.settings, stall_s=0.5)
    ending = server.sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", "timeout")
    assert "no party finished an epoch for 0.5 s (a in epoch 1)" in ending.message
    until(lambda: not is_alive(server.sink.pids[0]))
    trainer.handle.kill()
    trainer.sink.wait()


def test_an_aggregator_that_dies_ends_its_member(workshop, engine):
    site = Site(workshop, python=engine)
    server = site.start("ts")
    pid = server.sink.wait_begun()
    os.kill(pid, signal.SIGKILL)
    ending = server.sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", "lost")


def test_a_trainer_s_exit_status_is_its_ending(workshop):
    site = Site(workshop)
    run = site.start("ta", image="local", aggregator=False, command=["sh", "-c", "echo bad; exit 4"])
    ending = run.sink.wait()
    assert (ending.outcome, ending.kind, ending.message) == ("failed", "exit", "the command ended with exit status 4")
    assert run.handle.log_size() == len("bad\n")


def test_a_command_without_an_aggregator_tells_its_own_progress(workshop):
    site = Site(workshop)
    tell = 'echo "{\\"progress\\": 0.5}" > "$FEDROTA_METRICS"; echo "$0 $*"'
    run = site.start("tb", image="local:sh", aggregator=False, command=["sh", "-c", tell, "hello"])
    assert run.sink.wait().outcome == "success"
    assert run.sink.fractions == [0.5]
    assert run.log == "hello --name=b --epochs=3\n"


@pytest.mark.parametrize(
    ("task", "change", "message"),
    [
        ("ts", {}, "FEDROTA_ENGINES"),
        ("ta", {"params": {"data": "/etc"}}, "outside of what requests may name here"),
        ("ta", {"peers": PEERS[:2]}, "no member has the role 'server'"),
        ("ta", {"aggregator": False, "image": "ocr:1", "command": []}, "the template has no command"),
    ],
)
def test_what_can_never_work_here_says_what_to_change(workshop, task, change, message):
    ending = Site(workshop).start(task, **change).sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", "invalid")
    assert message in ending.message


def test_a_trainer_whose_aggregator_never_comes_says_so(workshop, monkeypatch):
    monkeypatch.setattr("workers.executors.iflearner.ADDRESS", "never")
    ending = Site(workshop).start("ta").sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", "unreachable")
    assert "the aggregator's address did not come: party 10000 has ended" in ending.message


def test_a_trainer_that_waits_can_be_stopped(workshop):
    run = Site(workshop).start("tb")
    run.handle.stop(1.0)
    assert run.sink.wait().kind == "stopped"


def test_images_go_to_the_container_executor_where_there_is_one(workshop):
    seen = []

    class Containers:
        def start(self, assignment, place, sink):
            seen.append((assignment.run, place.tables))
            threading.Timer(0.05, lambda: sink.ended(Ending(outcome="success"))).start()

    site = Site(workshop, roots=(workshop.folder,))
    site.executor.runners = {"command": workshop.commands, "container": Containers()}
    run = site.start("ta", image="ocr:1", aggregator=False, command=[], params={"data": str(workshop.folder)})
    assert run.sink.wait().outcome == "success"
    run = {"command": ["--name={party}", "--epochs=3"], "image": "ocr:1", "data_at": "/data"}
    assert seen == [(run, workshop.folder)]


@pytest.mark.parametrize("message", [b"nonsense", b'{"odd": 1}'])
def test_an_aggregator_s_party_that_sends_nonsense_ends_its_own_run_only(workshop, monkeypatch, message):
    errors = []
    monkeypatch.setattr(workshop.loop, "on_error", lambda: errors.append("the worker would end"))
    run = Site(workshop).start("ta", image="local", flags=[], command=["sh", "-c", "sleep 60"])
    task, server = run.assignment.task, run.assignment.peers[-1].task
    workshop.letters.send(server, 1, Letter(task, "address"), b'"127.0.0.1:1"', on_done=lambda _error: None)
    workshop.letters.send(server, 1, Letter(task, "progress"), message, on_done=lambda _error: None)
    ending = run.sink.wait()
    assert (ending.kind, ending.message) == ("error", "what the aggregator's party sends is no progress")
    assert errors == []
