"""The package's door: what it exports, what it costs, and `python -m fedrota`."""

import subprocess
import sys
from pathlib import Path

import pytest

import fedrota

TREE = Path(fedrota.__file__).parents[1]


def run(*words):
    return subprocess.run([sys.executable, *words], cwd=TREE, capture_output=True, text=True, timeout=100, check=False)


def test_exports():
    for name in fedrota.__all__:
        assert getattr(fedrota, name)
    assert fedrota.errors.FedrotaError is fedrota.FedrotaError
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        fedrota.nope  # noqa: B018


def test_component_authors_load_no_http_client():
    code = "import sys, fedrota.component; print(sorted({'httpx', 'typer', 'rich', 'yaml'} & set(sys.modules)))"
    assert run("-c", code).stdout.strip() == "[]"


def test_module_is_the_command():
    found = run("-m", "fedrota", "--url", "http://127.0.0.1:1", "whoami")
    assert found.returncode == 4
    assert found.stderr.startswith("error: no gateway at http://127.0.0.1:1")


def test_typed_marker_is_there():
    assert (Path(fedrota.__file__).parent / "py.typed").exists()
