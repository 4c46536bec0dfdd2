import os
import signal
import sys
import time

import pytest

from tests.workers.fakes import DAEMON, is_alive, make_assignment, until
from tests.workers.workshop import Recorder, Run
from workers.attachments import AttachmentError
from workers.executors.base import Limits
from workers.executors.command import CommandExecutor


def test_a_commands_outputs_are_collected_and_others_removed(workshop):
    run = workshop.command(
        "sh", "-c", 'echo weights > "$1"; echo rest > $FEDROTA_OUTPUT_DIR/junk', "sh", "{output.model}",
        outputs={"model": "model"},
    )  # fmt: skip
    (output,) = run.sink.wait().outputs
    assert (output.name, output.kind, output.size) == ("model", "model", 8)
    assert [file.name for file in run.place.outputs.iterdir()] == ["model"]


@pytest.mark.parametrize("write", [":", 'ln -s /etc/passwd "$1"', 'mkdir "$1"'])
def test_an_output_that_is_no_file_of_its_own_fails_the_task(workshop, write):
    run = workshop.command("sh", "-c", write, "sh", "{output.model}", outputs={"model": "file"})
    ending = run.sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", "error")
    assert "output 'model'" in ending.message


@pytest.mark.parametrize(
    ("argv", "kind", "message"),
    [
        (["sh", "-c", "echo last words; exit 3"], "exit", "exit status 3"),
        (
            ["no-such-program"],
            "invalid",
            "cannot start 'no-such-program': no program of that name is on the worker's PATH",
        ),
        (["/no/such"], "invalid", "cannot start '/no/such': No such file or directory"),
        (["/etc/passwd"], "invalid", "cannot start '/etc/passwd': Permission denied"),
        (["sh", "-c", "kill -SEGV $$"], "lost", "SIGSEGV"),
        (["sh", "-c", "kill -35 $$"], "lost", "signal 35"),
        (["echo", "{param.absent}"], "invalid", "names no param of this step; it has none"),
        (["echo", "{output.absent}"], "invalid", "names no output"),
        ([], "invalid", "must be a list of texts"),
        (["a\0b"], "invalid", "NUL"),
    ],
)
def test_every_bad_end_has_a_kind_and_a_reason(workshop, argv, kind, message):
    run = workshop.command(*argv)
    ending = run.sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", kind)
    assert message in ending.message
    assert ("last words" in ending.detail) == (kind == "exit")


@pytest.mark.parametrize("grace_s", [0.3, 100.0])
def test_stop_ends_the_whole_tree_also_a_daemon_that_hides(workshop, tmp_path, grace_s):
    file = tmp_path / "pid"
    run = workshop.command(sys.executable, "-c", DAEMON, str(file), "60")
    until(lambda: file.exists() and file.read_text())
    daemon = int(file.read_text())
    assert is_alive(daemon)
    started = time.monotonic()
    run.handle.stop(grace_s)
    run.sink.wait()
    until(lambda: not is_alive(daemon) and not is_alive(run.sink.pids[0]), patience_s=60)
    assert time.monotonic() - started < 50


def test_a_command_that_ignores_sigterm_is_killed_with_all_its_children(workshop):
    run = workshop.command("sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait; sleep 60")
    child = int(until(lambda: run.log.strip() or None))
    run.handle.stop(0.3)
    assert run.sink.wait().kind == "lost"
    until(lambda: not is_alive(child))


def test_a_daemon_does_not_outlive_a_command_that_ends_well(workshop, tmp_path):
    file = tmp_path / "pid"
    run = workshop.command(sys.executable, "-c", DAEMON, str(file), "0")
    assert run.sink.wait().outcome == "success"
    until(lambda: file.exists() and file.read_text() and not is_alive(int(file.read_text())), patience_s=60)


def test_a_gigabyte_of_output_harms_nobody(workshop):
    run = workshop.command("sh", "-c", "head -c 1000000000 /dev/zero")
    assert run.sink.wait(60).outcome == "success"
    assert run.place.log.stat().st_size < (64 << 20) + 200


def test_a_killed_command_says_so(workshop):
    run = workshop.command("sleep", "60")
    os.kill(run.sink.wait_begun(), signal.SIGKILL)
    assert run.sink.wait().message == "the task's process was killed from outside (SIGKILL)"


class Shelf:
    """The files of jobs."""

    def __init__(self, problem=""):
        self.problem = problem
        self.asked = []

    def fetch(self, task, name, target, *, is_wanted):
        self.asked.append((task, name))
        if self.problem:
            raise AttachmentError(self.problem)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"the file {name}")


def run_with(workshop, shelf, *argv):
    executor = CommandExecutor(workshop.loop, workshop.nursery, limits=Limits(), attachments=shelf)
    place, sink = workshop.make_place(), Recorder()
    assignment = make_assignment(task="with-files", run={"command": list(argv)})
    return Run(sink, place, executor.start(assignment, place, sink), assignment)


def test_a_command_finds_the_attachments_that_it_names(workshop):
    shelf = Shelf()
    run = run_with(workshop, shelf, "cat", "{attachment.job.zip}")
    assert run.sink.wait().outcome == "success"
    assert run.log == "the file job.zip"
    assert shelf.asked == [("with-files", "job.zip")]


def test_an_attachment_that_does_not_come_fails_the_task_with_its_reason(workshop):
    ending = run_with(workshop, Shelf("there is none"), "cat", "{attachment.x}").sink.wait()
    assert (ending.outcome, ending.kind, ending.message) == ("failed", "unreachable", "there is none")
