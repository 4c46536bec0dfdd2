import json
import os
import signal
import subprocess
import sys

from tests.workers.fakes import is_alive, until

PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
from workers.processes import brood as module
brood = module.Brood()
def sleep():
    time.sleep(60)
def leave_daemon():
    if not os.fork():
        os.setsid()
        Path(sys.argv[1]).write_text(str(os.getpid()))
        sleep()
    while not Path(sys.argv[1]).exists() or not Path(sys.argv[1]).read_text():
        time.sleep(0.01)
    os._exit(3)
def show():
    os._exit(0 if (os.getsid(0), signal.getsignal(signal.SIGTERM)) == (os.getpid(), signal.SIG_DFL) else 1)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pids = []
for each in (leave_daemon, show, sleep):
    pid = brood.fork()
    if not pid:
        each()
    pids.append(pid)
ended = {}
while len(ended) < 2:
    ended.update(brood.reap())
    time.sleep(0.01)
daemon = int(Path(sys.argv[1]).read_text())
os.kill(daemon, 0)
if sys.argv[2] == "sweep":
    brood.sweep()
    os.kill(pids[2], 0)
elif sys.argv[2] == "give up":
    module.kill_tree = lambda pid: None
    brood.sweep(0.1)
print(json.dumps([[ended[pid] for pid in pids[:2]], pids[2]]), flush=True)
if sys.argv[2] == "end":
    brood.end()
elif sys.argv[2] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
else:
    sys.stdin.read(1)
"""


NICE = """
import os
from pathlib import Path
from workers.processes import brood as module
os.setsid()
os.nice(7)
brood = module.Brood()
pid = brood.fork()
if not pid:
    share = Path("/proc/self/autogroup")
    print(os.getpriority(os.PRIO_PROCESS, 0), share.read_text() if share.exists() else "not by sessions", flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""


def run(repository, tmp_path, ending):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "daemon"), ending],
        cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    codes, sleeper = json.loads(process.stdout.readline())
    return process, codes, sleeper, int((tmp_path / "daemon").read_text())


def test_the_end_takes_everything_along_daemons_too(repository, tmp_path):
    process, codes, sleeper, daemon = run(repository, tmp_path, "end")
    assert codes == [3, 0]
    until(lambda: not is_alive(daemon) and not is_alive(sleeper))
    process.communicate(timeout=60)


def test_what_an_ended_child_has_left_lives_until_it_is_swept(repository, tmp_path):
    process, _, sleeper, daemon = run(repository, tmp_path, "sweep")
    until(lambda: not is_alive(daemon))
    assert is_alive(sleeper)
    process.communicate("x", timeout=60)
    assert process.returncode == 0


def test_what_does_not_die_is_left_for_another_occasion(repository, tmp_path):
    process, _, _, daemon = run(repository, tmp_path, "give up")
    assert is_alive(daemon)
    os.kill(daemon, signal.SIGKILL)
    process.communicate("x", timeout=60)
    assert process.returncode == 0


def test_children_die_with_their_parent(repository, tmp_path):
    process, _, sleeper, daemon = run(repository, tmp_path, "die")
    until(lambda: not is_alive(sleeper))
    os.kill(daemon, signal.SIGKILL)  # whoever adopts it is to sweep it away
    process.communicate(timeout=60)


def test_a_child_s_session_is_as_nice_as_its_parent(repository):
    done = subprocess.run([sys.executable, "-c", NICE], cwd=repository, capture_output=True, text=True, check=True)
    niceness, session = done.stdout.split(maxsplit=1)
    expected = min(os.nice(0) + 7, 19)
    assert niceness == str(expected)
    assert session.strip().endswith((f"nice {expected}", "not by sessions"))
