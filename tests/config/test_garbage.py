import subprocess
import sys

PROBE = """
import gc
from config.garbage import spare_the_old
ring = []
ring.append(ring)
del ring
spare_the_old()
assert gc.get_freeze_count() > 1000
assert gc.get_threshold() == (10_000, 20, 50)
before = gc.get_stats()[0]["collections"]
kept = [[] for _ in range(9_000)]
assert gc.get_stats()[0]["collections"] == before
print("spared")
"""


def test_what_was_loaded_is_left_alone_and_a_crowd_of_new_things_is_no_reason_to_look(repository):
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=repository, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("spared\n", "")
