"""Runs the code of docs/guides/write-a-component.md as a reader would."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fedrota.component import ComponentInfo, InvalidInputError
from fedrota.simulate import simulate

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def files(tmp_path) -> Path:
    """A folder with every file that the guide tells its reader to write."""
    for name, text in BLOCK.findall((ROOT / "docs/guides/write-a-component.md").read_text()):
        (tmp_path / name).write_text(text)
    assert {path.name for path in tmp_path.iterdir()} == {"federated_mean.py", "test_federated_mean.py", "mean.yaml"}
    return tmp_path


@pytest.fixture
def info(files, monkeypatch) -> ComponentInfo:
    monkeypatch.syspath_prepend(files)
    monkeypatch.delitem(sys.modules, "federated_mean", raising=False)
    from federated_mean import federated_mean

    yield federated_mean.__fedrota_component__
    sys.modules.pop("federated_mean", None)


def test_the_guides_own_test_passes_in_an_interpreter_of_its_own(files):
    # Only the guide's folder and what is installed are on the path: an author has no tree.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_federated_mean.py"]
    run = subprocess.run(command, cwd=files, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_the_guides_job_names_the_component_with_parameters_that_it_takes(files, info):
    document = yaml.safe_load((files / "mean.yaml").read_text())
    (step,) = document["steps"]
    assert step["component"] == info.name
    tables = {
        party: {"breast_train": ROOT / "examples" / "data" / party / "breast_train.csv"}
        for parties in document["parties"].values()
        for party in parties
    }
    run = simulate(info, document["parties"], params=step["params"], tables=tables)
    values = []
    for sources in tables.values():
        with sources["breast_train"].open() as file:
            values += [float(row["x0"]) for row in csv.DictReader(file)]
    assert run["host.1"].summary["mean"] == pytest.approx(sum(values) / len(values))


def test_the_guides_error_names_party_and_column(info):
    tables = {party: {"t": {"x0": [1]}} for party in ("1", "2")}
    with pytest.raises(InvalidInputError, match="has no column 'x9': set `column`"):
        simulate(info, {"guest": ["1"], "host": ["2"]}, params={"table": "t", "column": "x9"}, tables=tables)
