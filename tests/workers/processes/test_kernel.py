import os
import signal
import subprocess
import sys

import pytest

from tests.workers.fakes import until
from workers.processes import kernel
from workers.processes.kernel import (
    find_birth,
    is_zombie,
    kill_tree,
    list_children,
    list_descendants,
    list_marked,
    read_environment,
)

TREE = """
import os, sys, time, ctypes
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
root = os.getpid()
for number in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while number and os.getppid() != root:
                time.sleep(0.01)
            os.write(1, b".")
            time.sleep(60)
        os._exit(0) if number else time.sleep(60)
time.sleep(60)
"""
"""A child with a child, and two orphans that it has adopted; a dot when each of them is where it stays."""


def test_a_whole_tree_is_found_and_killed():
    with subprocess.Popen([sys.executable, "-c", TREE], stdout=subprocess.PIPE) as root:
        assert [root.stdout.read(1) for _ in range(3)] == [b"."] * 3
        below = list_descendants(root.pid)
        assert len([pid for pid in below if not is_zombie(pid)]) == 4
        assert set(list_children(root.pid)) <= set(below)
        kill_tree(root.pid)
        assert root.wait() == -signal.SIGKILL
    until(lambda: all(find_birth(pid) is None or is_zombie(pid) for pid in below))


def test_a_process_is_known_by_number_and_birth():
    mine = find_birth(os.getpid())
    assert isinstance(mine, int)
    assert mine == find_birth(os.getpid())
    with subprocess.Popen(["sleep", "60"]) as other:
        assert find_birth(other.pid) >= mine
        other.kill()
        until(lambda: is_zombie(other.pid))
    assert find_birth(other.pid) is None
    assert is_zombie(other.pid)
    kill_tree(other.pid)  # gone already: nothing happens


def test_marked_processes_are_found_by_the_whole_mark(tmp_path):
    mark = f"FEDROTA_SITE={tmp_path}/party-1"
    with subprocess.Popen(
        ["sleep", "60"], env={"FEDROTA_SITE": f"{tmp_path}/party-1", "PATH": os.environ["PATH"]}
    ) as marked:
        with subprocess.Popen(
            ["sleep", "60"], env={"FEDROTA_SITE": f"{tmp_path}/party-10", "PATH": os.environ["PATH"]}
        ) as other:
            until(lambda: list(list_marked(mark)) == [marked.pid])
            other.kill()
        marked.kill()


def test_a_process_in_the_middle_of_its_start_is_known_by_its_mark_too(tmp_path):
    """The kernel shows the environment a moment after the start; on a busy machine that moment may last."""
    mark = f"FEDROTA_SITE={tmp_path}/party-1"
    for _ in range(20):
        with subprocess.Popen(["/bin/sleep", "60"], env={"FEDROTA_SITE": f"{tmp_path}/party-1"}) as process:
            assert read_environment(process.pid) == [mark.encode()]
            process.kill()


def test_what_has_no_environment_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("workers.processes.kernel._START_S", 3600.0)
    with subprocess.Popen(["/bin/sleep", "60"], env={}) as process:
        assert read_environment(process.pid) == []
        process.kill()
        until(lambda: is_zombie(process.pid))
        assert read_environment(process.pid) == []
    assert read_environment(process.pid) == []


def test_what_is_not_ours_to_read_is_not_waited_for(monkeypatch):
    """Another user's process shows neither its environment nor where it begins, as one in the middle of execve."""

    def refuse(_path):
        raise PermissionError

    monkeypatch.setattr(kernel.Path, "read_bytes", refuse)
    monkeypatch.setattr(kernel, "_is_starting", lambda _pid: True)
    monkeypatch.setattr(kernel.time, "sleep", lambda _s: pytest.fail("waited"))
    assert read_environment(os.getpid()) == []
