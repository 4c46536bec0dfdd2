import json
import signal
import socket
import subprocess
import sys

import pytest

from tests.workers.fakes import is_alive, until
from tests.workers.flare.conftest import make_words
from workers.flare.head import Head
from workers.processes.link import BlockingLink, pack_head

MEMBER = """
import os, sys, time
from pathlib import Path
SERVER = "nvflare.private.fed.app.server.server_train"
def main(forks):
    site = Path.cwd().parent / "site"
    fork = forks.start(SERVER, ["-m", str(site)], folder=str(site), environment={"COLOUR": "red"})
    BODY
"""


def write_member(stage, body, **files):
    stage.write(member=MEMBER.replace("BODY", body.strip().replace("\n", "\n    ")), **files)


def test_a_member_hears_how_its_process_ended(stage):
    write_member(stage, 'print("ended", fork.wait(), fork.poll(), flush=True); sys.exit(3)', server="code = 7")
    code, said = stage.run()
    assert "ended 7 7" in said
    assert code == 3


def test_a_process_that_was_killed_is_known_by_the_signal(stage):
    write_member(
        stage,
        'time.sleep(0.2); assert fork.poll() is None; fork.terminate(); print("ended", fork.wait(), flush=True)',
        server="import time; time.sleep(60)",
    )
    code, said = stage.run()
    assert (code, "ended -9" in said) == (0, True)


def test_the_programs_get_what_was_asked_for_and_nothing_else(stage):
    write_member(
        stage,
        "fork.wait()",
        server="import os, sys; print(dict(os.environ), os.getcwd(), sys.argv[1:], sys.path[0])",
    )
    _, said = stage.run()
    site = str(stage.folder / "site")
    assert "{'COLOUR': 'red'" in said
    assert f"{site} ['-m', '{site}'] {site}" in said
    assert str(stage.tree) not in said.partition("{")[2].replace(str(stage.folder), "")


def test_all_processes_end_with_the_member(stage):
    """Also what one of them has left behind as a daemon."""
    write_member(
        stage,
        "while not (site / 'pid').exists() or not (site / 'pid').read_text():\n    time.sleep(0.02)",
        server="import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n"
        "        open('pid', 'w').write(str(os.getpid())); time.sleep(60)\n    os._exit(0)\ntime.sleep(60)",
    )
    code, _ = stage.run()
    assert code == 0
    pid = int((stage.folder / "site" / "pid").read_text())
    until(lambda: not is_alive(pid))


def test_a_daemon_may_live_as_long_as_the_run(stage):
    """Though others of the run's processes end before."""
    write_member(
        stage,
        "fork.wait()\nother = forks.start(SERVER, ['-m', str(site)], folder=str(site), environment={'SECOND': '1'})\n"
        "other.wait()\ntime.sleep(0.2)\nos.kill(int((site / 'pid').read_text()), 0); print('it lives', flush=True)",
        server="import os, time\nif 'SECOND' not in os.environ and not os.fork():\n    os.setsid()\n    if not os.fork():\n"
        "        open('pid', 'w').write(str(os.getpid())); time.sleep(60)\n    os._exit(0)\n"
        "while not os.path.exists('pid') or not open('pid').read():\n    time.sleep(0.02)",
    )
    code, said = stage.run()
    assert "it lives" in said
    assert code == 0
    until(lambda: not is_alive(int((stage.folder / "site" / "pid").read_text())))


@pytest.mark.parametrize("ending", ["sys.exit(5)", "os.kill(os.getpid(), 9)", "1 / 0"])
def test_the_head_ends_as_the_member_did(stage, ending):
    write_member(stage, ending, server="import time; time.sleep(60)")
    assert stage.run()[0] == {"sys.exit(5)": 5, "1 / 0": 1}.get(ending, -9)


def test_a_polite_signal_ends_all_of_them_at_once(stage):
    write_member(
        stage,
        "print(os.getpid(), fork.pid, flush=True)\ntry:\n    time.sleep(60)\nexcept BaseException:\n    time.sleep(60)",
        server="import time; time.sleep(60)",
    )
    head = stage.start()
    assert head.stdout is not None
    below = list(map(int, next(line for line in head.stdout if line[0].isdigit()).split()))
    assert all(map(is_alive, below))
    head.send_signal(signal.SIGTERM)
    assert head.wait(60) == 128 + signal.SIGTERM
    until(lambda: not any(map(is_alive, below)))


def test_a_killed_head_takes_all_of_them_along(stage):
    write_member(
        stage, "print(os.getpid(), fork.pid, flush=True); time.sleep(60)", server="import time; time.sleep(60)"
    )
    head = stage.start()
    assert head.stdout is not None
    below = list(map(int, next(line for line in head.stdout if line[0].isdigit()).split()))
    head.kill()
    until(lambda: not any(map(is_alive, below)))


def test_only_programs_of_flare_are_forked(stage):
    write_member(
        stage,
        "fork = forks.start('this', [], folder='/', environment={})\nprint('ended', fork.pid, fork.wait(), flush=True)",
        server="code = 0",
    )
    assert "ended 0 -9" in stage.run()[1]


def test_only_members_of_ours_are_run(tmp_path):
    ours, theirs = socket.socketpair()
    ours.sendall(pack_head({"t": "command", "argv": ["os"], "environment": {}, "workdir": str(tmp_path)}))
    assert Head(theirs, lack="", path=[]).run() is None
    said, _ = BlockingLink(ours).recv()
    assert (said["kind"], said["message"]) == ("invalid", "FLARE's interpreter runs no 'os'")


def test_what_the_interpreter_lacks_is_said(tmp_path):
    ours, theirs = socket.socketpair()
    ours.sendall(pack_head({"t": "command", "argv": ["workers.flare.serve"], "environment": {}, "workdir": "/"}))
    assert Head(theirs, lack="there is no nvflare", path=[]).run() is None
    assert BlockingLink(ours).recv()[0]["message"] == "there is no nvflare"


def test_a_head_without_an_order_ends(repository, tmp_path):
    ours, theirs = socket.socketpair()
    ours.close()
    assert Head(theirs, lack="", path=[]).run() is None


def test_a_member_runs_in_its_folder_with_its_environment(repository, tmp_path):
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "member.py").write_text(
        "import json, os, sys\ndef main(forks): print(json.dumps([os.getcwd(), sorted(os.environ)]))"
    )
    words = make_words(sys.executable, repository, "member", tmp_path, "member")
    done = subprocess.run(
        words, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(lib)}, capture_output=True, check=False
    )
    if done.returncode:
        pytest.fail(done.stderr.decode())
    folder, names = json.loads(done.stdout)
    assert folder == str(tmp_path)
    assert {"PATH", "HOME", "FEDROTA_METRICS"} <= set(names)
    assert "PYTHONPATH" not in names
