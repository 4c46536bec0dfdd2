"""The leash: a child never outlives the one that started it."""

import subprocess
import sys
import time

import psutil

from fedrota.up import leash
from tests.workers.fakes import is_alive

STARTER = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-I", "-S", {leash!r}, str(os.getpid()), sys.executable, "-c",
    "import os; print(os.getpid(), flush=True); import time; time.sleep(60)"])
child.wait()
"""


def test_the_child_dies_with_its_parent():
    argv = [sys.executable, "-c", STARTER.format(leash=leash.__file__)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as starter:
        pid = int(starter.stdout.readline())
        assert psutil.pid_exists(pid)
        starter.kill()
    deadline = time.monotonic() + 50
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_starts_for_a_parent_that_is_gone():
    argv = [sys.executable, leash.__file__, "999999", sys.executable, "-c", "print('ran')"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "is gone" in done.stderr
