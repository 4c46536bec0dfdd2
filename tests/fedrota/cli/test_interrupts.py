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


WHILE_IT_LOADS = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "httpx":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from fedrota.cli import main
main()
"""


def test_an_interrupt_while_the_program_loads_ends_it_without_a_traceback(repository):
    done = subprocess.run([sys.executable, "-c", WHILE_IT_LOADS], cwd=repository, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
