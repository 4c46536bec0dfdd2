import os
import time

import psutil
import pytest

from workers.components import forks
from workers.components.forks import ForkError, run_forked, split_evenly


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(forks, "count_cores", lambda: 2)


def test_results_come_in_order_and_the_share_done_is_told():
    told = []
    made = run_forked(lambda part: (part * part, os.getpid()), [3, 1, 2, 5, 4], report=told.append)
    assert [square for square, _ in made] == [9, 1, 4, 25, 16]
    assert os.getpid() not in {pid for _, pid in made}
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_a_single_part_runs_in_this_process():
    assert run_forked(lambda _part: os.getpid(), [0]) == [os.getpid()]


def test_large_results_pass_the_pipe():
    assert [len(made) for made in run_forked(lambda size: b"x" * size, [3_000_000, 5_000_000])] == [
        3_000_000,
        5_000_000,
    ]


def test_a_part_that_dies_is_an_error_and_leaves_no_process(capfd):
    def work(part):
        if part:
            raise ZeroDivisionError("no")
        time.sleep(60)

    others = set(psutil.Process().children())
    start = time.monotonic()
    with pytest.raises(ForkError, match=r"part 2 of 2 failed \(1\)"):
        run_forked(work, [0, 1])
    assert time.monotonic() - start < 50
    assert "ZeroDivisionError: no" in capfd.readouterr().err
    assert set(psutil.Process().children()) <= others


def test_a_part_that_is_killed_says_so():
    with pytest.raises(ForkError, match="was killed by signal 9, perhaps for lack of memory"):
        run_forked(lambda _part: os.kill(os.getpid(), 9), [0, 1])


@pytest.mark.parametrize(
    ("count", "least", "wanted"),
    [(10, 1, [(0, 5), (5, 10)]), (10, 6, [(0, 10)]), (0, 1, [(0, 0)]), (1, 1, [(0, 1)]), (3, 1, [(0, 2), (2, 3)])],
)
def test_slices_cover_all_and_are_not_too_small(count, least, wanted):
    assert [(part.start, part.stop) for part in split_evenly(count, least=least)] == wanted
