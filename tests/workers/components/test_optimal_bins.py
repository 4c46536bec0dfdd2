import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.components.optimal_bins import METRICS, Target, join_bins
from workers.components.woe import weigh


def make_target(**changes):
    values = {"metric": "iv", "bins": 3, "min_share": 0.0, "max_share": 1.0, "mixed": False, "adjustment": 0.5}
    return Target(**{**values, **changes})


def join(counts, ends):
    return np.add.reduceat(np.array(counts, dtype=float), [0, *(end + 1 for end in ends[:-1])], axis=0)


@pytest.mark.parametrize("metric", METRICS)
def test_bins_are_joined_where_the_label_does_not_change(metric):
    counts = [[9, 1], [9, 1], [9, 1], [5, 5], [5, 5], [1, 9], [1, 9]]
    assert join_bins(np.array(counts, dtype=float), make_target(metric=metric)) == [2, 4, 6]


def test_joining_by_iv_loses_the_least_information_of_all_single_joins():
    counts = np.array([[9, 2], [8, 4], [3, 7], [1, 9]], dtype=float)
    found = join(counts, join_bins(counts, make_target()))
    all_joins = [join(counts, [end for end in range(4) if end != gone]) for gone in range(3)]
    best = max(weigh(each[:, 0], each[:, 1], adjustment=0.5).total_iv for each in all_joins)
    assert weigh(found[:, 0], found[:, 1], adjustment=0.5).total_iv == pytest.approx(best)


def test_mixed_bins_hold_both_labels():
    counts = np.array([[5, 0], [0, 1], [4, 0], [0, 3], [0, 2]], dtype=float)
    found = join(counts, join_bins(counts, make_target(bins=9, mixed=True)))
    assert (found > 0).all()


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25),
    st.sampled_from(METRICS),
    st.integers(1, 6),
    st.booleans(),
)
def test_ends_are_in_order_and_the_wishes_hold_where_nothing_forbids(counts, metric, bins, mixed):
    matrix = np.array(counts, dtype=float)
    ends = join_bins(matrix, make_target(metric=metric, bins=bins, mixed=mixed, min_share=0.1))
    assert ends == sorted(set(ends))
    assert ends[-1] == len(counts) - 1
    assert len(ends) <= bins
    assert join(counts, ends).sum() == matrix.sum()


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=25))
def test_no_bin_is_too_small_or_joined_to_one_that_is_too_large(counts):
    matrix = np.array(counts, dtype=float)
    found = join(counts, join_bins(matrix, make_target(bins=1, min_share=0.2, max_share=0.6))).sum(axis=1)
    single = matrix.sum(axis=1).max()
    assert found.max() <= max(single, 0.6 * matrix.sum())
    small = join(counts, join_bins(matrix, make_target(bins=99, min_share=0.2))).sum(axis=1)
    assert small.min() >= np.floor(0.2 * matrix.sum())


def test_nothing_to_join_is_nothing():
    assert join_bins(np.zeros((0, 2)), make_target()) == []
