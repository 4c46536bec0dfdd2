import subprocess
import sys

import pytest

from fedrota.session.launch import main

SCRIPT = """\
import sys
import nvflare.fuel.flare_api.flare_api as api
from nvflare.fuel.flare_api.api_spec import JobNotFound, SessionSpec
from nvflare.fuel.flare_api.flare_api import Session, new_secure_session
print(api.__name__, Session.__module__, issubclass(Session, SessionSpec), JobNotFound is api.JobNotFound)
print(__name__, sys.argv[1:], sys.path[0])
import beside
raise SystemExit(7)
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "beside.py").write_text("print('beside')")
    return tmp_path / "script.py"


def test_a_script_runs_unchanged(script, repository):
    done = subprocess.run(
        [sys.executable, "-m", "fedrota.flare", str(script), "--rounds", "3"],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "fedrota.flare fedrota.flare True True",
        f"__main__ ['--rounds', '3'] {script.parent}",
        "beside",
    ]
    assert done.returncode == 7


@pytest.mark.parametrize(("argv", "status"), [([], 2), (["--help"], 0), (["no-such-script.py"], 2)])
def test_without_a_script_it_says_how(capsys, argv, status):
    assert main(argv) == status
    said = capsys.readouterr()
    assert "usage: python -m fedrota.flare script.py" in said.out + said.err
