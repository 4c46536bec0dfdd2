import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.fakes import is_alive, make_settings, until
from workers.executors.base import Limits
from workers.executors.flare_nursery import FlareNursery, is_program
from workers.executors.loop import ExecutorLoop
from workers.site import Site


@pytest.fixture
def make(tmp_path):
    loop = ExecutorLoop()
    errors = []
    loop.on_error = lambda: errors.append("")
    loop.start()
    made = []

    def make(python):
        made.append(FlareNursery(loop, site=tmp_path, python=python, limits=Limits()))
        made[-1].errors = errors
        return made[-1]

    yield make
    for nursery in made:
        nursery.close()
    loop.stop()


def test_without_an_engine_nothing_runs(make):
    nursery = make(None)
    nursery.start()
    assert not nursery.wait_ready(0.3)
    assert (nursery.zygote_pid, nursery.errors) == (0, [])


def test_an_engine_that_is_not_there_is_no_error_of_the_workers(make, tmp_path, capsys):
    nursery = make(tmp_path / "python")
    nursery.start()
    said = until(lambda: capsys.readouterr().out)
    assert ("engine_missing" in said, str(tmp_path / "python") in said) == (True, True)
    assert (nursery.zygote_pid, nursery.errors) == (0, [])


def test_an_engine_that_comes_later_is_started_when_it_is_needed(make, tmp_path, capsys):
    nursery = make(tmp_path / "python")
    nursery.start()
    until(lambda: "engine_missing" in capsys.readouterr().out)
    (tmp_path / "python").symlink_to(sys.executable)
    forked = []
    nursery._loop.call(lambda: forked.append(nursery.fork()))
    assert nursery.wait_ready(60)
    assert nursery.zygote_pid
    assert "nvflare" in nursery.offering.broken  # this interpreter is the worker's own
    until(lambda: forked[0].pid)


def test_processes_of_flare_are_told_from_those_of_components(make, tmp_path):
    """Each nursery kills what its own zygote has left, and nothing of the other's."""
    nursery = make(Path(sys.executable))
    nursery.start()
    assert nursery.wait_ready(60)
    environment = Path(f"/proc/{nursery.zygote_pid}/environ").read_bytes().split(b"\0")
    assert f"FEDROTA_FLARE={tmp_path}".encode() in environment
    assert not [entry for entry in environment if entry.startswith(b"FEDROTA_SITE=")]
    assert nursery.kill_marked() >= 1


def test_a_program_is_a_file_that_may_be_run(tmp_path):
    (tmp_path / "text").write_text("")
    assert is_program(Path(sys.executable))
    assert not is_program(tmp_path)
    assert not is_program(tmp_path / "text")


def test_a_worker_without_patience_kills_what_runs_for_components_and_for_flare(gateway, tmp_path):
    site = Site(make_settings(tmp_path, gateway.url, engines={"flare": Path(sys.executable)}))
    site.start()
    assert site.flare_nursery.wait_ready(60)
    zygotes = (site.nursery.zygote_pid, site.flare_nursery.zygote_pid)
    site.kill()
    assert [is_alive(pid) for pid in zygotes] == [False, False]
    site.stop(0.0)


def test_a_worker_clears_away_what_is_left_of_flare_and_leaves_nothing_itself(gateway, tmp_path):
    settings = make_settings(tmp_path, gateway.url, engines={"flare": Path(sys.executable)})
    site = Site(settings)
    left = subprocess.Popen(["sleep", "60"], env={**os.environ, "FEDROTA_FLARE": str(site.workdir.root)})
    site.start()
    assert left.wait(60) == -signal.SIGKILL
    assert site.flare_nursery.wait_ready(60)
    pid = site.flare_nursery.zygote_pid
    assert is_alive(pid)
    site.stop(1.0)
    assert not is_alive(pid)
