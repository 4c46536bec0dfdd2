import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from workers.components.optimal_bins import LOSSES, METRICS, Target, join_bins
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


def test_two_small_neighbours_join_each_other_before_they_join_a_large_one():
    counts = np.array([[40, 40], [5, 5], [8, 2]], dtype=float)
    assert join_bins(counts, make_target(bins=99, min_share=0.15)) == [0, 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25))
def test_no_cut_by_ks_leaves_a_bin_that_is_too_small(counts):
    matrix = np.array(counts, dtype=float)
    ends = join_bins(matrix, make_target(metric="ks", bins=99, min_share=0.2))
    assert len(ends) == 1 or join(counts, ends).sum(axis=1).min() >= max(1, np.ceil(0.2 * matrix.sum()))


@pytest.mark.parametrize(
    ("counts", "share", "ends"),
    [
        ([[20, 12], [20, 8], [5, 20], [4, 21]], 0.0, [0, 1, 3]),  # the larger of both halves is cut next
        ([[1, 4], [4, 1]], 0.5, [0, 1]),
        ([[1, 0], [0, 1]], 0.0, [0, 1]),
        ([[3, 0], [4, 0]], 0.0, [1]),
    ],
)
def test_bins_are_cut_by_ks_where_the_labels_differ_most(counts, share, ends):
    assert join_bins(np.array(counts, dtype=float), make_target(metric="ks", min_share=share)) == ends


def test_chi_square_is_that_of_a_table_of_two_bins_and_labels():
    left, right = np.array([[3.0, 5.0], [2.0, 0.0]]), np.array([[7.0, 2.0], [4.0, 0.0]])
    found = LOSSES["chi_square"](left, right, left.sum(axis=0), 0.5)
    assert found[0] == pytest.approx(chi2_contingency([left[0], right[0]], correction=False).statistic)
    assert found[1] == 0.0


def test_nothing_to_join_is_nothing():
    assert join_bins(np.zeros((0, 2)), make_target()) == []
