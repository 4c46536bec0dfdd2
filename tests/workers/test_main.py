import subprocess
import sys

import pytest

from workers import __main__ as module
from workers.__main__ import STAY_DOWN, main, parse_arguments
from workers.workdir import Workdir


def test_a_worker_that_cannot_start_says_what_to_change(repository):
    process = subprocess.run(
        [sys.executable, "-m", "workers", "--slots", "3"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert process.returncode == 2
    assert "FEDROTA_PARTY: the id of the party" in process.stderr
    assert "FEDROTA_TOKEN" in process.stderr
    assert "Traceback" not in process.stderr


def test_the_command_line_gives_only_what_it_names():
    given = parse_arguments(["--party", "1", "--slots", "3", "--components", "a", "b.py"])
    assert given == {"party": "1", "slots": 3, "components": ["a", "b.py"]}
    assert parse_arguments([]) == {}


@pytest.mark.parametrize("is_told", [True, False])
def test_the_exit_status_says_whether_it_was_told_to_stay_down(tmp_path, monkeypatch, is_told):
    def run(settings):
        workdir = Workdir(settings.state_dir, settings.party)
        workdir.root.mkdir(parents=True)
        if is_told:
            workdir.down.touch()

    monkeypatch.setattr(module, "run", run)
    argv = ["--party", "site-1", "--token", "x", "--state-dir", str(tmp_path)]
    assert main(argv) == (STAY_DOWN if is_told else 0)
