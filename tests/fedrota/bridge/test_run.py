import subprocess
import sys

from fedrota.bridge.run import main
from tests.clients.install import install
from tests.fedrota.bridge.test_options import fill


def test_what_is_missing_is_said_in_one_line(tmp_path, capsys):
    assert main(["--certificates", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("fedrota.bridge: ")
    assert said.count("\n") == 1
    assert "rootCA.pem" in said


def test_what_cannot_start_ends_in_one_line_whether_nvflare_is_there_or_not(tmp_path, repository):
    argv = [sys.executable, "-m", "fedrota.bridge", "--certificates", str(fill(tmp_path / "flare"))]
    done = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 1
    assert done.stderr.startswith("fedrota.bridge: ")
    assert done.stderr.count("\n") == 1


def wait_for(process, word):
    said = ""
    while word not in said:
        line = process.stderr.readline()
        assert line, said
        said += line


def test_one_that_waits_starts_with_the_certificates_and_ends_when_told(tmp_path, repository):
    argv = [str(install("nvflare-2.9.0")), "-m", "fedrota.bridge", "--certificates", str(tmp_path / "flare"), "--wait"]
    with subprocess.Popen(argv, cwd=repository, stderr=subprocess.PIPE, text=True) as patient:
        wait_for(patient, "waiting: ")
        patient.terminate()
        assert patient.wait(60) == 0
    with subprocess.Popen(argv, cwd=repository, stderr=subprocess.PIPE, text=True) as patient:
        wait_for(patient, "waiting: ")
        fill(tmp_path / "flare")
        wait_for(patient, "cannot be used")  # what `fill` writes are no certificates
        assert patient.wait(60) == 1
