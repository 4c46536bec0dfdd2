"""`make demo`, without make: from nothing to a model, and nothing left running."""

import json
import subprocess
import sys

import psutil
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_the_demo_trains_a_good_model_and_cleans_up(repository, tmp_path):
    argv = [sys.executable, "-m", "fedrota.up.demo", "--state", str(tmp_path / "state")]
    done = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("Metrics per round", "Final AUC 0.9", "Model", "Go on"):
        assert word in done.stdout
    model = json.loads((tmp_path / "state/model.json").read_text())
    assert len(model["coefficients"]) == len(model["features"])
    state = str(tmp_path / "state")
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if state in " ".join(process.info["cmdline"] or ())
    ]
