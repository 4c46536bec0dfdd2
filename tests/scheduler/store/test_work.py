"""Works in turns: all ask before any goes on, none is left half done."""

import pytest

from scheduler.store.work import both, complete


def make(name, turns, log):
    for turn in range(turns):
        log.append(f"{name}{turn}")
        yield
    return name


@pytest.mark.parametrize(
    ("turns", "order"),
    [((1, 1), ["a0", "b0"]), ((2, 1), ["a0", "b0", "a1"]), ((1, 3), ["a0", "b0", "b1", "b2"]), ((0, 0), [])],
)
def test_works_take_turns_until_the_longer_one_is_done(turns, order):
    log = []
    assert complete(both(make("a", turns[0], log), make("b", turns[1], log))) == ("a", "b")
    assert log == order


def test_pairs_nest():
    log = []
    pair = both(make("a", 2, log), both(make("b", 1, log), make("c", 2, log)))
    assert complete(pair) == ("a", ("b", "c"))
    assert log == ["a0", "b0", "c0", "a1", "c1"]


def test_a_work_that_fails_fails_the_pair():
    def fail():
        yield
        raise ValueError("wrong")

    log = []
    with pytest.raises(ValueError, match="wrong"):
        complete(both(fail(), make("b", 1, log)))
    assert log == ["b0"]
