import os
import signal
import sys
import time

import pytest

from tests.workers.fakes import until
from workers.executors.kernel import find_birth, is_zombie

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.environ.clear()
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(float(sys.argv[2]))
"""


def is_alive(pid: int) -> bool:
    return find_birth(pid) is not None and not is_zombie(pid)


def test_a_command_runs_in_its_folder_with_a_clean_environment(workshop, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_WORKER", "1")
    run = workshop.command("sh", "-c", 'pwd; echo "$HOME"; env | cut -d= -f1 | sort | tr "\\n" " "; echo; cat $FEDROTA_PARAMS', params={"a": 1})
    assert run.sink.wait().outcome == "success"
    folder, home, names, params = run.log.splitlines()
    assert folder == home == str(run.place.workdir)
    assert params == '{"a":1}'
    assert set(names.split()) <= {
        "PATH", "HOME", "LANG", "PWD", "SHLVL", "_", "OLDPWD",
        *(f"FEDROTA_{name}" for name in ["PARTY", "ROLE", "JOB", "STEP", "TASK", "SEQ", "ATTEMPT", "WORKDIR", "DATA", "OUTPUT_DIR", "METRICS", "PARAMS", "INPUTS", "SITE"]),
    }  # fmt: skip


def test_a_python_command_does_not_find_our_packages(workshop):
    code = "import importlib.util as u; print([n for n in ('config', 'workers', 'scheduler') if u.find_spec(n)])"
    run = workshop.command(sys.executable, "-c", code)
    run.sink.wait()
    assert run.log == "[]\n"


def test_placeholders_fill_arguments_and_never_a_shell_line(workshop, tmp_path):
    (tmp_path / "in").write_text("x")
    run = workshop.command(
        "printf", "%s|", "{party}-{role}", "{param.text}", "{param.n}", "{param.list}", "{input.data}", "{ print $1 }", "{other}",
        params={"text": "a b; rm -rf $HOME `id`", "n": 3, "list": [1, "x"]},
        inputs={"data": tmp_path / "in"},
    )  # fmt: skip
    run.sink.wait()
    assert run.log.split("|")[:-1] == [
        "9999-guest", "a b; rm -rf $HOME `id`", "3", '[1,"x"]', str(tmp_path / "in"), "{ print $1 }", "{other}",
    ]  # fmt: skip


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
        (["no-such-program"], "invalid", "cannot start 'no-such-program'"),
        (["sh", "-c", "kill -SEGV $$"], "lost", "SIGSEGV"),
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


def test_metrics_progress_and_summary_come_while_the_command_runs(workshop):
    lines = ['{"name": "loss", "value": 0.5, "step": 1}', '{"progress": 0.5}', "nonsense", '{"summary": {"rows": 3}}', '{"name": "x", "value": NaN}']
    run = workshop.command("sh", "-c", 'printf "%s\\n" "$@" >> $FEDROTA_METRICS; sleep 60', "sh", *lines)
    until(lambda: run.sink.summary)
    assert [(point.name, point.step, point.value) for point in run.sink.points] == [("loss", 1, 0.5)]
    assert run.sink.fractions == [0.5]
    run.handle.kill()
    run.sink.wait()


@pytest.mark.parametrize("grace_s", [0.3, 5.0])
def test_stop_ends_the_whole_tree_also_a_daemon_that_hides(workshop, tmp_path, grace_s):
    file = tmp_path / "pid"
    run = workshop.command(sys.executable, "-c", DAEMON, str(file), "60")
    until(lambda: file.exists() and file.read_text())
    daemon = int(file.read_text())
    assert is_alive(daemon)
    started = time.monotonic()
    run.handle.stop(grace_s)
    run.sink.wait()
    until(lambda: not is_alive(daemon) and not is_alive(run.sink.pids[0]), patience_s=5)
    assert time.monotonic() - started < 5


def test_a_command_that_ignores_sigterm_is_killed_with_all_its_children(workshop):
    run = workshop.command("sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait; sleep 60")
    child = int(until(lambda: run.log.strip()))
    run.handle.stop(0.3)
    assert run.sink.wait().kind == "lost"
    until(lambda: not is_alive(child))


def test_a_daemon_does_not_outlive_a_command_that_ends_well(workshop, tmp_path):
    file = tmp_path / "pid"
    run = workshop.command(sys.executable, "-c", DAEMON, str(file), "0")
    assert run.sink.wait().outcome == "success"
    until(lambda: file.exists() and file.read_text() and not is_alive(int(file.read_text())), patience_s=5)


def test_a_gigabyte_of_output_harms_nobody(workshop):
    run = workshop.command("sh", "-c", "head -c 1000000000 /dev/zero")
    assert run.sink.wait(60).outcome == "success"
    assert run.place.log.stat().st_size < (64 << 20) + 200


def test_a_killed_command_says_so(workshop):
    run = workshop.command("sleep", "60")
    os.kill(run.sink.wait_begun(), signal.SIGKILL)
    assert run.sink.wait().message == "the task's process was killed from outside (SIGKILL)"
