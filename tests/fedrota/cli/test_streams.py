"""A program that was started without one of its standard streams."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from fedrota.cli.streams import fill_streams
fill_streams()
print("out")
print("err", file=sys.stderr)
print(repr(sys.stdin.read()), file=sys.stderr)
assert os.open(os.devnull, os.O_RDONLY) > 2
"""


@pytest.mark.parametrize(
    ("closed", "out", "err"),
    [("2>&-", "out\n", ""), (">&-", "", "err\n''\n"), ("<&-", "out\n", "err\n''\n"), ("<&- >&- 2>&-", "", "")],
)
def test_what_is_closed_reads_empty_and_takes_everything(repository, closed, out, err):
    done = subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, PROGRAM],
        cwd=repository,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, out, err)


FOREIGN = """
from fedrota.cli.show import print_json, print_line
from fedrota.cli.streams import escape_foreign
escape_foreign()
print_line("größe 😀")
print_json("größe 😀")
"""


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "größe 😀"),
        ("latin-1", "größe \\ud83d\\ude00"),
        ("ascii", "gr\\u00f6\\u00dfe \\ud83d\\ude00"),
    ],
)
def test_what_the_encoding_lacks_is_escaped_so_that_json_stays_json(repository, encoding, said):
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN], cwd=repository, env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode(encoding) == f'{said}\n"{said}"\n'
