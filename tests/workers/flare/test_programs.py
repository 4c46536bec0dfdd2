import threading
import time

import pytest

from tests.workers.fakes import is_alive, until
from tests.workers.flare.test_head import write_member
from workers.flare.programs import parse_command, wait_for_threads

LAUNCH = """
import os, sys
from nvflare.app_common.job_launcher import process_launcher
command = [sys.executable, "-u", "-m", "nvflare.private.fed.app.server.runner_process", "-m", os.getcwd(), "-n", "j1"]
job = process_launcher.spawn_process(command, {**os.environ, "PYTHONPATH": os.path.join(os.getcwd(), "custom")})
AND_THEN
"""


def run_job(stage, job, *, and_then="job.wait(); print('job ended', job.poll(), flush=True)", **files):
    """What a job's process says that FLARE's launcher has started."""
    write_member(stage, "fork.wait()", server=LAUNCH.replace("AND_THEN", and_then), job=job)
    for name, text in files.items():
        (stage.folder / "site" / "custom" / name).mkdir(parents=True)
        (stage.folder / "site" / "custom" / name / "__init__.py").write_text(text)
    return stage.run()[1]


def test_a_jobs_process_is_forked_and_its_end_is_told(stage):
    assert "job ended 4" in run_job(stage, "code = 4")


def test_a_job_sees_its_own_packages_and_none_of_ours(stage):
    said = run_job(
        stage,
        "import workers, fedrota, sys\nprint('mine', workers.mine, fedrota.mine, '__main__' in sys.modules)",
        workers="mine = 1",
        fedrota="mine = 2",
    )
    assert "mine 1 2 True" in said


def test_a_job_without_such_packages_finds_none(stage):
    said = run_job(stage, "try:\n    import workers\nexcept ImportError:\n    print('there is none')")
    assert "there is none" in said


def test_a_jobs_process_shows_as_what_it_is(stage):
    said = run_job(stage, "print(open('/proc/self/cmdline').read().rstrip(chr(0)))")
    assert "-m nvflare.private.fed.app.server.runner_process -m" in said


def test_a_job_can_ask_for_no_process(stage):
    said = run_job(
        stage,
        "from nvflare.app_common.job_launcher import process_launcher\n"
        "try:\n    process_launcher.spawn_process(['python', '-m', 'x'], {})\n"
        "except AssertionError:\n    print('by an interpreter of its own')",
    )
    assert "by an interpreter of its own" in said


def test_a_job_that_flare_terminates_dies_with_its_group(stage):
    said = run_job(
        stage,
        "import subprocess\nopen('below', 'w').write(str(subprocess.Popen(['sleep', '60']).pid))\n"
        "import time; time.sleep(60)",
        and_then="import time\nwhile not os.path.exists('below') or not open('below').read():\n    time.sleep(0.02)\n"
        "job.terminate(); job.wait(); print('job ended', job.poll(), flush=True)",
    )
    assert "job ended -9" in said
    until(lambda: not is_alive(int((stage.folder / "site" / "below").read_text())))


def test_flare_does_not_wait_at_the_end_where_nothing_is_left(stage):
    assert f"ran in {stage.folder / 'site'}/j1 with 0" in run_job(stage, "code = 0")


def test_flare_waits_for_what_a_job_has_left(stage):
    said = run_job(stage, "import threading, time; threading.Thread(target=time.sleep, args=(0.3,)).start()")
    assert "j1 with 0\nleft []" in said


@pytest.mark.parametrize(("daemon", "waits"), [(False, True), (True, False)])
def test_a_thread_that_would_keep_the_interpreter_is_waited_for(daemon, waits):
    may_end, done = threading.Event(), threading.Event()
    threading.Thread(target=lambda: (may_end.wait(0.3 if waits else 15), done.set()), daemon=daemon).start()
    wait_for_threads(30.0)
    assert done.is_set() is waits
    may_end.set()
    done.wait()


def test_a_thread_that_never_ends_is_not_waited_for_long():
    done = threading.Event()
    threading.Thread(target=done.wait).start()
    began = time.monotonic()
    wait_for_threads(0.2)
    assert time.monotonic() - began > 0.15
    done.set()


PAUSE = """
from nvflare.private.fed.server.server_app_runner import ServerJsonConfigurator
for given in (None, 9):
    made = ServerJsonConfigurator("name")
    made.configure(given)
    print("interval", made.name, made.task_request_interval)
"""


def test_sites_ask_sooner_unless_the_jobs_author_says_when(stage):
    said = run_job(stage, PAUSE)
    assert "interval name 0.5\n" in said
    assert "interval name 9\n" in said


def test_a_jobs_process_does_not_look_for_its_parent(stage):
    said = run_job(
        stage,
        "import sys, threading\nstop = threading.Event(); stop.set()\n"
        "print('parent', sys.modules['__main__'].monitor_parent_process(None, 1, stop))",
    )
    assert "parent True" in said


def test_a_site_may_be_called_as_a_number_looks(stage):
    said = run_job(
        stage,
        "import sys\nparse = sys.modules['__main__'].parse_vars\n"
        "print('read', parse(['uid=9999', 'port=80']), parse(None))",
    )
    assert "read {'uid': '9999', 'port': 80} {}" in said


def test_random_numbers_differ_between_processes(stage):
    said = run_job(
        stage,
        "import numpy; print('drew', numpy.random.rand())",
        and_then="import numpy\njob.wait(); print('drew', numpy.random.rand(), flush=True)",
    )
    drawn = {line for line in said.splitlines() if line.startswith("drew")}
    assert len(drawn) == 2


def test_a_launchers_command_is_read():
    assert parse_command(["python", "-u", "-m", "a.b", "-m", "x"]) == ("a.b", ["-m", "x"])
