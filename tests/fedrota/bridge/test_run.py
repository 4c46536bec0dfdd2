import subprocess
import sys

from fedrota.bridge.run import main
from tests.fedrota.bridge.test_options import fill


def test_what_is_missing_is_said_in_one_line(tmp_path, capsys):
    assert main(["--certificates", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("fedrota.bridge: ")
    assert said.count("\n") == 1
    assert "rootCA.pem" in said


def test_what_cannot_start_ends_in_one_line_whether_nvflare_is_there_or_not(tmp_path, repository):
    argv = [sys.executable, "-m", "fedrota.bridge", "--certificates", str(fill(tmp_path / "flare"))]
    done = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith("fedrota.bridge: ")
    assert done.stderr.count("\n") == 1
