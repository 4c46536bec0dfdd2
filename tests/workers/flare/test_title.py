import subprocess
import sys

import pytest

PROGRAM = """
import sys
from workers.flare.title import set_title
set_title(sys.argv[1] * int(sys.argv[2]))
print(repr(open("/proc/self/cmdline").read()))
print("MARK=1" in open("/proc/self/environ").read().split(chr(0)))
"""


@pytest.mark.parametrize("times", [1, 100])
def test_a_title_is_shown_and_nothing_else_is_written_over(repository, times):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "a name ", str(times), " " * 200],
        cwd=repository, env={"MARK": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    shown, is_kept = done.stdout.splitlines()
    assert shown.startswith("'a name ")
    assert "set_title" not in shown
    assert shown.count("a name") >= min(times, 20)
    assert is_kept == "True"
