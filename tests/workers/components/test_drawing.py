import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.components.drawing import allocate, count_repeats, draw_rows, repeat_rows, split_rows


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.data())
def test_shares_add_up_and_are_proportional_to_one(sizes, data):
    total = data.draw(st.integers(0, sum(sizes)))
    found = allocate(sizes, total)
    assert sum(found) == total
    for share, size in zip(found, sizes, strict=True):
        assert 0 <= share <= size
        assert abs(share - size * total / max(1, sum(sizes))) < 1


@given(st.lists(st.integers(0, 3), max_size=40), st.data(), st.booleans())
def test_a_split_has_every_row_once_and_every_stratum_in_proportion(strata, data, shuffle):
    strata = np.array(strata, dtype=np.int64)
    first = data.draw(st.integers(0, len(strata)))
    second = data.draw(st.integers(0, len(strata) - first))
    counts = [first, second, len(strata) - first - second]
    parts = split_rows(strata, counts, chance=np.random.default_rng(3) if shuffle else None)
    assert [len(part) for part in parts] == counts
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(strata)))
    for part in parts:
        assert part.tolist() == sorted(part.tolist())
    for stratum in np.unique(strata):
        share = (strata[parts[0]] == stratum).sum()
        assert abs(share - first * (strata == stratum).mean()) < 1


def test_without_chance_rows_are_taken_in_order():
    assert [part.tolist() for part in split_rows(np.zeros(5, np.int64), [2, 1, 2], chance=None)] == [
        [0, 1],
        [2],
        [3, 4],
    ]


@pytest.mark.parametrize(
    ("rows", "fraction", "repeat", "count"),
    [(100, 0.29, False, 29), (3, 0.01, False, 1), (3, 1, False, 3), (4, 2.5, True, 10), (0, 0.5, False, 0)],
)
def test_so_many_rows_are_drawn(rows, fraction, repeat, count):
    drawn = draw_rows(np.arange(rows), fraction, repeat=repeat, chance=np.random.default_rng(0))
    assert len(drawn) == count
    assert drawn.tolist() == sorted(drawn.tolist())
    assert repeat or len(set(drawn.tolist())) == count


def test_all_rows_have_the_same_chance():
    chance = np.random.default_rng(0)
    hits = sum(np.bincount(draw_rows(np.arange(4), 0.5, repeat=False, chance=chance), minlength=4) for _ in range(4000))
    assert (abs(hits - 2000) < 150).all()


def test_rows_are_repeated_as_often_as_they_weigh():
    weights = np.array([0.0, 1.0, 2.5, 0.1])
    assert repeat_rows(weights).tolist() == [0 + 1, 2, 2, 2, 3]
    assert count_repeats(weights) == 5
