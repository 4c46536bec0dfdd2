"""FLARE's zygote with its worker's end, on FLARE's own interpreter."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.clients.install import install
from tests.workers.fakes import is_alive, make_assignment, until
from tests.workers.workshop import Recorder
from workers.executors.base import Limits, Place
from workers.executors.command import CommandExecutor
from workers.executors.flare_nursery import FlareNursery
from workers.executors.flare_request import make_request
from workers.executors.loop import ExecutorLoop
from workers.flare.zygote import COMMON, PRELOAD


class Party:
    """A worker's part for FLARE."""

    def __init__(self, folder, python):
        self.folder = folder
        self.loop = ExecutorLoop()
        self.loop.start()
        self.nursery = FlareNursery(self.loop, site=folder, python=python, limits=Limits(disk_bytes=1 << 20))
        self.commands = CommandExecutor(self.loop, self.nursery, limits=Limits())
        self.last = 0

    def start(self, module="workers.flare.join", **order):
        self.last += 1
        place = Place(
            workdir=self.folder / f"work{self.last}", outputs=self.folder / f"out{self.last}",
            log=self.folder / f"log{self.last}", tables=self.folder, inputs={},
        )  # fmt: skip
        place.workdir.mkdir(exist_ok=True)
        (place.workdir / "order.json").write_text(json.dumps({"output": str(place.outputs / "workspace"), **order}))
        sink = Recorder()
        assignment = make_assignment(task=f"t{self.last}", run={"command": [module]})
        return place, sink, self.commands.start(assignment, place, sink)

    def close(self):
        self.nursery.close()
        self.loop.stop()


@pytest.fixture
def make_party(tmp_path):
    made = []

    def make(python):
        made.append(Party(tmp_path, python))
        return made[-1]

    yield make
    for party in made:
        party.close()


def test_a_member_is_forked_with_everything_loaded(make_party, monkeypatch):
    monkeypatch.setenv("FEDROTA_TOKEN", "frt_secret")
    party = make_party(install("nvflare-2.9.0"))
    place, sink, _ = party.start(kit="missing.zip", site="site-1")
    ending = sink.wait()
    assert party.nursery.offering.broken == {}
    assert (ending.kind, ending.message) == ("exit", "the command ended with exit status 1")
    assert "FileNotFoundError" in place.log.read_text()  # the member's own words: it was run
    status = Path(f"/proc/{party.nursery.zygote_pid}/status").read_text()
    assert int(status.partition("Threads:")[2].split()[0]) <= (
        os.cpu_count() or 1
    )  # those of the numeric library, which knows how to fork
    environment = Path(f"/proc/{party.nursery.zygote_pid}/environ").read_bytes().split(b"\0")
    assert party.nursery.mark.encode() in environment
    assert not [entry for entry in environment if b"frt_secret" in entry]


def test_a_member_under_way_is_stopped_and_dies_with_the_zygote(make_party, tmp_path):
    party = make_party(install("nvflare-2.9.0"))
    requests = {"site-1": make_request("site-1", tmp_path / "key")}
    waits = {"requests": requests, "host": "127.0.0.1", "start_s": 600.0}  # for a site that never comes
    runs = [party.start("workers.flare.serve", **waits) for _ in range(2)]
    pids = [sink.wait_begun() for _, sink, _ in runs]
    until(lambda: all((place.workdir / "flare").exists() for place, _, _ in runs))
    caught = int(Path(f"/proc/{pids[0]}/status").read_text().partition("SigCgt:")[2].split()[0], 16)
    assert caught >> (signal.SIGINT - 1) & 1  # an interrupt is an exception, as in any Python program
    runs[0][2].stop(60.0)
    assert runs[0][1].wait().kind == "exit"
    os.kill(party.nursery.zygote_pid, signal.SIGKILL)
    assert runs[1][1].wait().kind == "lost"
    until(lambda: not any(map(is_alive, pids)))
    _, sink, _ = party.start(kit="missing.zip", site="site-1")
    assert sink.wait().kind == "exit"  # by another zygote


DAEMON = """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        open("pid", "w").write(str(os.getpid()))
        time.sleep(60)
    os._exit(0)
time.sleep(60)
"""


def test_a_daemon_of_a_run_does_not_outlive_it(stage, make_party, tmp_path):
    """Not even where the run is killed and cannot look after it."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path}/lib exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    party = make_party(python)
    folder = tmp_path / "work1" / "site"
    folder.mkdir(parents=True)
    (folder / "client.py").write_text(DAEMON)
    with zipfile.ZipFile(tmp_path / "work1" / "kit.zip", "w") as kit:
        kit.writestr("readme.txt", "hello")
    _, sink, _ = party.start(kit="kit.zip", site="site-1")
    pid = int(until(lambda: (folder / "pid").exists() and (folder / "pid").read_text()))
    assert is_alive(pid)
    os.kill(sink.wait_begun(), signal.SIGKILL)
    assert sink.wait().kind == "lost"
    assert not is_alive(pid)  # it is told only once nothing is left


def test_an_interpreter_without_flare_is_named(make_party):
    party = make_party(Path(sys.executable))
    _, sink, _ = party.start()
    ending = sink.wait()
    assert ending.kind == "invalid"
    assert (
        f"FLARE's interpreter {sys.executable} (FEDROTA_ENGINES) is none for nvflare>=2.8: No module named"
        in ending.message
    )


@pytest.mark.parametrize("version", ["2.8.1", "2.9.0"])
def test_what_is_loaded_is_there(version, repository):
    """Else a run would be slow and nobody knew why."""
    program = (
        "import sys; sys.path.append(sys.argv[1]); from workers.flare import zygote; print(zygote.preload(), "
        "[name for name in (*zygote.PRELOAD, *zygote.COMMON) if name not in sys.modules], flush=True)\n"
        "from nvflare.app_common.job_launcher import process_launcher; process_launcher.spawn_process\n"
        "from nvflare.private.fed.server.server_app_runner import ServerJsonConfigurator as made\n"
        "import inspect; assert 'task_request_interval = 2' in inspect.getsource(made.__init__)\n"
        "from nvflare.private.fed.app.client import worker_process; worker_process.monitor_parent_process\n"
        "from nvflare.private.fed.app.server import runner_process; runner_process.monitor_parent_process"
    )
    done = subprocess.run(
        [str(install(f"nvflare-{version}")), "-c", program, str(repository)],
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lacking = set(json.loads(done.stdout.splitlines()[-1].strip().replace("'", '"')))
    assert not lacking & set(PRELOAD)
    assert len(lacking) < len(COMMON) / 5
