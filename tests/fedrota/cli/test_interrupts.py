import subprocess
import sys

PROGRAM = """
import signal, sys, time
from fedrota.cli.interrupts import keep_interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
keep_interrupts()

class Dropped:
    def __del__(self):
        {what}

Dropped()
print("it goes on")
time.sleep({sleep_s})
"""


def run(repository, what, sleep_s):
    program = PROGRAM.format(what=what, sleep_s=sleep_s)
    return subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False)


def test_an_interrupt_that_python_drops_comes_again(repository):
    done = run(repository, "signal.raise_signal(signal.SIGINT)", 3600)
    assert done.stdout == "it goes on\n"
    assert done.returncode != 0
    assert "KeyboardInterrupt" in done.stderr


def test_what_else_goes_wrong_there_is_told_as_ever(repository):
    done = run(repository, "raise ValueError('a defect')", 0)
    assert done.returncode == 0
    assert "ValueError: a defect" in done.stderr
