import errno
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.fakes import is_alive, make_assignment, make_peer, until
from tests.workers.workshop import Letterbox, Recorder, Run
from workers.attachments import AttachmentError
from workers.exchange.port import Letter
from workers.executors.base import AssignmentError
from workers.executors.engine_settings import EngineSettings
from workers.executors.flare import FlareExecutor, FlareSettings, parse_run

STUB = Path(__file__).parent / "flare_stub.py"
PEERS = (make_peer("ts", "server", "hq"), make_peer("ta", "client", "a"), make_peer("tb", "client", "b", 1))


class Pairwise(Letterbox):
    """As the real exchange: several peers may send under one name."""

    def send(self, task, seq, letter, payload, *, on_done):
        super().send(task, seq, replace(letter, name=f"{letter.name} of {task}"), payload, on_done=on_done)

    def recv(self, task, seq, letter, *, timeout_s, on_message):
        named = replace(letter, name=f"{letter.name} of {letter.peer}")
        super().recv(task, seq, named, timeout_s=timeout_s, on_message=on_message)


class Shelf:
    """The job's files, or the reason why they cannot be had."""

    problem = ""

    def fetch(self, task, name, target, *, is_wanted):
        if self.problem:
            raise AttachmentError(self.problem)
        target.write_text(f"{name} of {task[:2]}")


class Stubs:
    """Runs the stub where a module of FLARE's interpreter is asked for."""

    def __init__(self, commands):
        self.commands = commands

    def start(self, assignment, place, sink):
        command = [sys.executable, str(STUB), *assignment.run["command"]]
        return self.commands.start(replace(assignment, run={**assignment.run, "command": command}), place, sink)


class Site:
    """Members of one attempt, all on this machine."""

    def __init__(self, workshop, python):
        self.workshop = workshop
        self.shelf = Shelf()
        self.letters = Pairwise()
        settings = FlareSettings(engine=EngineSettings(python=python), attachments=self.shelf)
        self.executor = FlareExecutor(
            workshop.loop, exchange=self.letters, settings=settings, commands=Stubs(workshop.commands)
        )

    def start(self, task, peers=PEERS, **run):
        peer = next(peer for peer in PEERS if peer.task == task)
        place = self.workshop.make_place()
        assignment = make_assignment(
            task=f"{task}-{id(self)}", role=peer.role, party=peer.party,
            run={"engine": "flare", "archive": "job.zip", "folder": "hello", **run},
            peers=tuple(make_peer(f"{each.task}-{id(self)}", each.role, each.party, each.position) for each in peers),
        )  # fmt: skip
        sink = Recorder()
        return Run(sink, place, self.executor.start(assignment, place, sink), assignment)


@pytest.fixture
def site(workshop):
    return Site(workshop, Path(sys.executable))


def test_server_and_sites_run_to_the_end_and_leave_their_workspaces(site):
    runs = [site.start(task) for task in ("ts", "ta", "tb")]
    for run in runs:
        ending = run.sink.wait()
        assert ending.outcome == "success", (ending, run.log)
        assert [output.name for output in ending.outputs] == ["workspace"]
    server, first, _ = runs
    assert "job job.zip of ts for job1" in server.log
    assert "kit of a for 127.0.0.1 True" in first.log
    assert server.sink.fractions == [0.5]
    assert [(point.name, point.step) for point in server.sink.points] == [("round", 1)]
    assert (first.place.outputs / "workspace").read_text() == "the site's workspace"
    assert {task for task, _ in site.letters.closed} >= {run.assignment.task for run in runs}


def test_a_server_that_ends_between_two_looks_still_tells_the_sites_that_it_is_over(site, monkeypatch):
    runs = [site.start(task, folder="quick") for task in ("ts", "ta", "tb")]
    until(lambda: all("kit of" in run.log for run in runs[1:]))
    monkeypatch.setattr("workers.executors.flare.LOOK_S", 3600.0)
    for run in runs:
        assert run.sink.wait().outcome == "success", run.log


def test_a_run_that_fails_says_why_in_the_engines_words(site):
    server = site.start("ts", folder="broken")
    site.start("ta")
    site.start("tb")
    ending = server.sink.wait()
    assert (ending.outcome, ending.kind, ending.message) == ("failed", "error", "FLARE's job ended as FINISHED:X")


def test_a_server_without_the_jobs_files_ends_before_it_begins(site):
    site.shelf.problem = "attachment 'job.zip' did not come"
    server = site.start("ts")
    ending = server.sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", "unreachable")
    assert "did not come" in ending.message


@pytest.mark.parametrize("task", ["ts", "ta"])
def test_a_member_that_is_stopped_leaves_no_process(site, task):
    runs = {name: site.start(name, folder="hangs") for name in ("ts", "ta", "tb")}
    stopped = runs[task]
    pid = stopped.sink.wait_begun()
    stopped.handle.stop(1.0)
    assert stopped.sink.wait().outcome == "failed"
    until(lambda: not is_alive(pid))
    for run in runs.values():
        run.handle.kill()
        run.sink.wait()


def test_a_member_that_waits_for_the_others_can_be_stopped(site):
    run = site.start("ta")
    time.sleep(0.2)
    run.handle.stop(100.0)
    assert run.sink.wait(50).message == "the task was stopped before it began"


def test_a_site_whose_server_is_gone_ends_with_its_process(site, monkeypatch):
    monkeypatch.setattr("workers.executors.member.FOLLOW_S", 0.1)
    client = site.start("ta")
    server = f"ts-{id(site)}"
    site.letters.send(server, 1, Letter(client.assignment.task, "kit"), b"kit", on_done=lambda _error: None)
    pid = client.sink.wait_begun()
    waiting = until(lambda: next((key for key in site.letters.asked if key[1].startswith("over of")), None))
    site.letters.asked.pop(waiting)(b"", "party hq has ended")
    ending = client.sink.wait()
    assert (ending.kind, ending.message) == ("unreachable", "the server's party is gone: party hq has ended")
    until(lambda: not is_alive(pid))


def test_a_folder_that_cannot_be_made_fails_the_member_and_not_the_worker(site, workshop):
    workshop.loop.on_error = lambda: pytest.fail("the worker would have ended")
    (workshop.folder / f"place{workshop._last + 1}").write_text("in the way")
    ending = site.start("ta").sink.wait()
    assert (ending.kind, "the attempt's folder cannot be made" in ending.message) == ("limit", True)


def test_files_that_cannot_be_written_fail_the_member(site, workshop):
    client = site.start("ta")
    until((client.place.workdir / "site").exists)
    (client.place.workdir / "order.json").mkdir()
    server = site.start("ts")
    site.start("tb").handle.kill()
    site.letters.send(
        server.assignment.task, 1, Letter(client.assignment.task, "kit"), b"kit", on_done=lambda _error: None
    )
    ending = client.sink.wait()
    assert (ending.kind, "the run's files cannot be read or written" in ending.message) == ("limit", True)
    server.handle.kill()


def test_a_key_that_cannot_be_kept_fails_the_site(site, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("workers.executors.flare.make_request", fail)
    ending = site.start("ta").sink.wait()
    assert (ending.kind, "No space left on device" in ending.message) == ("limit", True)


def test_a_mark_that_cannot_be_set_fails_the_site(site):
    client = site.start("ta")
    server = f"ts-{id(site)}"
    site.letters.send(server, 1, Letter(client.assignment.task, "kit"), b"kit", on_done=lambda _error: None)
    client.sink.wait_begun()
    (client.place.workdir / "end").symlink_to("no/such/folder")
    site.letters.send(server, 1, Letter(client.assignment.task, "over"), b"", on_done=lambda _error: None)
    assert client.sink.wait().kind == "limit"


def test_what_a_job_leaves_in_the_run_s_folder_fails_the_server_at_worst(site):
    runs = [site.start(task, folder="spoils") for task in ("ts", "ta", "tb")]
    ending = runs[0].sink.wait()
    assert (ending.kind, "a.zip" in ending.message) == ("limit", True)
    for run in runs[1:]:
        run.handle.kill()
        run.sink.wait()


def test_a_verdict_that_is_none_is_passed_over(site):
    runs = [site.start(task, folder="raves") for task in ("ts", "ta", "tb")]
    assert runs[0].sink.wait().kind == "exit"
    for run in runs[1:]:
        run.handle.kill()
        run.sink.wait()


def test_without_the_engine_the_operator_is_told_what_to_set(workshop):
    ending = Site(workshop, None).start("ts").sink.wait()
    assert (ending.kind, "FEDROTA_ENGINES" in ending.message) == ("invalid", True)


def test_an_engine_that_is_not_there_is_named(workshop, tmp_path):
    ending = Site(workshop, tmp_path / "python").start("ts").sink.wait()
    assert (ending.kind, ending.message) == (
        "invalid", f"FEDROTA_ENGINES: this party's host has no program {tmp_path}/python"
    )  # fmt: skip


@pytest.mark.parametrize(("task", "missing"), [("ts", "client"), ("ta", "server")])
def test_a_job_needs_a_server_and_a_client(site, task, missing):
    ending = site.start(task, peers=[peer for peer in PEERS if peer.task == task]).sink.wait()
    assert (ending.kind, f"a member in the role '{missing}'" in ending.message) == ("invalid", True)


@pytest.mark.parametrize("run", [{}, {"folder": ".."}, {"folder": "a/b"}, {"folder": "a", "archive": "../x"}])
def test_only_names_are_taken_from_the_run(run):
    with pytest.raises(AssignmentError):
        parse_run(run)
