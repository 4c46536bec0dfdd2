import subprocess
import sys

from workers.__main__ import parse_arguments


def test_a_worker_that_cannot_start_says_what_to_change(repository):
    process = subprocess.run(
        [sys.executable, "-m", "workers", "--slots", "3"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=30,
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
