import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.components.bins import (
    count_bins,
    find_buckets,
    find_categories,
    find_quantiles,
    list_ranks,
    place_values,
)

numbers = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=60)


@given(numbers, st.integers(1, 20))
def test_quantiles_are_the_values_at_their_ranks(values, count):
    known = sorted(value for value in values if not math.isnan(value))
    found = find_quantiles(np.array(values), count)
    wanted = [known[max(1, -(-place * len(known) // count)) - 1] for place in range(1, count + 1)] if known else []
    assert found == sorted(set(wanted))


def test_ranks_are_not_rounded_up_by_a_hair():
    assert list_ranks(10, 10) == list(range(1, 11))  # 0.3 x 10 is above 3 in floating point
    assert list_ranks(3, 5) == [1, 2, 2, 3, 3]


@given(numbers, st.integers(1, 20))
def test_every_value_lies_in_the_first_bin_whose_end_it_does_not_exceed(values, count):
    column = np.array(values)
    for points in (find_quantiles(column, count), find_buckets(column, count), find_categories(column)):
        if not points:
            continue
        for value, place in zip(values, place_values(column, points), strict=True):
            if math.isnan(value):
                assert place == len(points)
            else:
                assert place == min(sum(point < value for point in points[:-1]), len(points) - 1)
        assert place_values(column, points).max() < count_bins(column, points)


def test_buckets_are_equally_wide_and_a_constant_column_is_one_bin():
    assert find_buckets(np.array([0.0, 10.0, 3.0]), 4) == [2.5, 5.0, 7.5, 10.0]
    assert find_buckets(np.array([7.0, 7.0]), 4) == [7.0]
    assert find_quantiles(np.array([7.0, 7.0]), 4) == [7.0]


def test_buckets_of_the_largest_numbers_have_finite_ends():
    found = find_buckets(np.array([-1.7e308, 1.7e308]), 4)
    assert found == pytest.approx([-0.85e308, 0.0, 0.85e308, 1.7e308])
    assert find_buckets(np.array([0.0, 5e-324]), 1) == [5e-324]


def test_values_beyond_what_was_seen_lie_in_the_outer_bins():
    assert place_values(np.array([-99.0, 99.0, np.nan]), [1.0, 2.0]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("find", [lambda v: find_quantiles(v, 3), lambda v: find_buckets(v, 3), find_categories])
def test_a_column_without_values_has_no_bins(find):
    assert find(np.array([np.nan, np.nan])) == []
