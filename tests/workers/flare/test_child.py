import pytest

from tests.workers.flare.conftest import Stage

MEMBER = """
import sys, time
from pathlib import Path
from workers.flare.child import Child, ChildDiedError
def until(is_so):
    give_up = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)
def main(forks):
    child = Child("SIDE", Path.cwd().parent / "site", forks=forks, variables=["org=x"])
    BODY
"""
SLEEPER = (
    "import subprocess, time; print('words', args.set, flush=True); subprocess.Popen(['sleep', '60']); time.sleep(60)"
)


def run(stage: Stage, body: str, side: str = "server", **files: str) -> str:
    text = MEMBER.replace("BODY", body.strip().replace("\n", "\n    ")).replace("SIDE", side)
    stage.write(member=text, **files)
    code, said = stage.run()
    assert code == 0, said
    return said


def test_the_whole_tree_ends(stage):
    body = """
until(lambda: len(child.list_tree()) == 2)
child.check()
child.end()
print("left", child.list_tree(), flush=True)
"""
    said = run(stage, body, server=SLEEPER)
    assert "left []" in said
    assert "words ['secure_train=true', 'config_folder=config', 'org=x']" in said
    assert (stage.folder / "site" / "transfer").is_dir()


ENDED = """
try:
    until(child.check)
except ChildDiedError as wrong:
    print("said:", wrong, flush=True)
"""


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (35, "signal 35")])
def test_a_process_that_was_killed_is_told_with_the_signal(stage, number, name):
    kill = f"child.list_tree()[0].send_signal({number})\n"
    said = run(stage, kill + ENDED, server="import time; time.sleep(60)")
    assert f"said: FLARE's server process was killed by {name}" in said


def test_a_process_that_ends_by_itself_is_told_with_its_status(stage):
    said = run(stage, ENDED, side="client", client="code = 3")
    assert "said: FLARE's client process ended with exit status 3" in said


JOB = """
import os, sys
from nvflare.app_common.job_launcher import process_launcher
command = [sys.executable, "-u", "-m", "nvflare.private.fed.app.client.worker_process", "-m", os.getcwd(), "-n", "j1"]
process_launcher.spawn_process(command, os.environ).wait()
open("done", "w").close()
import time; time.sleep(60)
"""
QUIET = """
until(lambda: len(child.list_tree()) == 2)
began = time.monotonic()
(Path.cwd().parent / "site" / "seen").touch()
child.wait_until_quiet(LIMIT)
print("waited", time.monotonic() - began, len(child.list_tree()), flush=True)
"""


def test_a_job_that_is_about_to_end_is_waited_for(stage):
    job = "import os, time\nwhile not os.path.exists('seen'):\n    time.sleep(0.02)\ntime.sleep(0.5)"
    said = run(stage, QUIET.replace("LIMIT", "60"), side="client", client=JOB, job=job)
    waited, left = said.partition("waited ")[2].split()[:2]
    assert float(waited) >= 0.5
    assert left == "1"


def test_waiting_for_a_job_ends_in_time(stage):
    said = run(stage, QUIET.replace("LIMIT", "0.3"), side="client", client=JOB, job="import time; time.sleep(60)")
    waited, left = said.partition("waited ")[2].split()[:2]
    assert float(waited) >= 0.3
    assert left == "2"  # the job goes on
