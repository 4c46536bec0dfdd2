import signal
import subprocess
import sys
import time

import pytest

from tests.workers.fakes import is_alive
from workers.flare.child import Child, ChildDiedError

SLEEPER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


@pytest.fixture
def flare(tmp_path, monkeypatch):
    """A module that stands where FLARE's processes do, with a child of its own."""
    module = tmp_path / "lib" / "sleeper.py"
    module.parent.mkdir()
    module.write_text(SLEEPER)
    monkeypatch.setenv("PYTHONPATH", str(module.parent))
    monkeypatch.setattr("workers.flare.child.TRAIN", {"server": "sleeper", "client": "not_installed_here"})
    return tmp_path


def until(is_so):
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_whole_tree_ends(flare):
    child = Child("server", flare, variables=["org=x"])
    until(lambda: len(child.list_tree()) >= 2)
    child.check()
    tree = [process.pid for process in child.list_tree()]
    child.end()
    until(lambda: not any(is_alive(pid) for pid in tree))


def test_a_process_that_was_killed_is_told_with_the_signal(flare):
    child = Child("server", flare, variables=[])
    child.list_tree()[0].kill()
    with pytest.raises(ChildDiedError, match="server process was killed by SIGKILL"):
        until(child.check)


def test_a_process_that_ends_by_itself_is_told_with_its_status(flare):
    child = Child("client", flare, variables=[])
    with pytest.raises(ChildDiedError, match="client process ended with exit status 1"):
        until(child.check)
    child.end()


def test_waiting_for_a_job_ends_in_time(flare):
    child = Child("server", flare, variables=[])
    until(lambda: len(child.list_tree()) >= 2)
    began = time.monotonic()
    child.wait_until_quiet(0.3)
    assert 0.25 < time.monotonic() - began < 5
    child.end()


def test_a_polite_signal_ends_the_program_and_all_below_it(repository):
    program = (
        "from workers.flare.child import exit_on_signal; import subprocess, sys, time; exit_on_signal()\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)\n"
        "try:\n    time.sleep(60)\nexcept BaseException:\n    time.sleep(60)  # as FLARE's session may\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=repository, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    below = int(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 128 + signal.SIGTERM
    until(lambda: not is_alive(below))
