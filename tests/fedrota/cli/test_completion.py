"""What the shell offers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fedrota

PATIENT = "from fedrota.cli import completion, main; completion.PATIENCE_S = 60.0; main()"
"""At a prompt nobody waits longer than a second; here the answer counts, however long a busy machine takes."""


def complete(line, **more):
    """What bash would be offered for `line`."""
    words = {"_FEDROTA_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    found = subprocess.run(
        [sys.executable, "-c", PATIENT],
        cwd=Path(fedrota.__file__).parents[1],
        env={**os.environ, **words, **more},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert found.stderr == ""
    return found.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fedrota sub", ["submit"]),
        ("fedrota job j", ["j-1"]),
        ("fedrota parties show 1", ["10000"]),
        ("fedrota logs j-1 ", ["lr"]),
        ("fedrota rerun j-1 --from ", ["lr"]),
    ],
)
def test_ids_are_offered(gateway, line, offered):
    assert complete(line) == offered


def test_without_a_gateway_nothing_is_offered(gateway):
    assert complete("fedrota job ", FEDROTA_URL="http://127.0.0.1:1") == []
