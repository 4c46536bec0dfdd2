import numpy as np
import pytest

from workers.components.fixed_point import (
    FACTOR_BITS,
    FEATURE_BITS,
    LIMIT_BITS,
    MASK_BITS,
    PRODUCT_BITS,
    WEIGHT_BITS,
    Bounds,
    to_real,
    to_whole,
)


def test_reals_survive_as_whole_numbers():
    values = np.array([[1.5, -0.25], [1000.125, -1e-7]])
    whole = to_whole(values, FEATURE_BITS)
    assert whole[0] == [3 << 19, -(1 << 18)]
    assert np.allclose([to_real(row, FEATURE_BITS) for row in whole], values, atol=2.0**-FEATURE_BITS)


def test_huge_whole_numbers_become_reals_without_overflow():
    assert to_real([2**300, -(2**200)], 250).tolist() == [2.0**50, -(2.0**-50)]


@pytest.mark.parametrize("rows", [1, 5, 455, 10**6])
def test_a_standardised_value_keeps_within_the_bound(rows):
    bounds = Bounds(rows=rows, terms=3, scaled=True, small_labels=True)
    largest = np.sqrt(max(1, rows - 1))  # one value far from rows - 1 equal ones
    assert largest * 2**FEATURE_BITS < 2**bounds.feature
    assert rows * 2 ** (2 * bounds.feature) <= 2**bounds.moment


def test_bounds_grow_where_values_may_be_larger():
    small = Bounds(rows=100, terms=3, scaled=True, small_labels=True)
    large = Bounds(rows=100, terms=3, scaled=False, small_labels=False)
    assert large.moment > small.moment
    assert large.slope > small.slope
    assert small.slope < 512  # several fit a safe key
    assert small.factor_sum < 512


@pytest.mark.parametrize("rows", [1, 455, 10**6])
@pytest.mark.parametrize("small_labels", [True, False])
def test_the_largest_numbers_keep_within_their_bounds_which_waste_little(rows, small_labels):
    bounds = Bounds(rows=rows, terms=30, scaled=False, small_labels=small_labels)
    limit, moment = 2**LIMIT_BITS, 2**bounds.moment
    share = moment * 2**MASK_BITS + moment
    largest = {
        "feature": limit * 2**FEATURE_BITS,
        "label": (1 if small_labels else limit) * 2**FEATURE_BITS,
        "share": share,
        "slope": bounds.terms * share * limit * 2**WEIGHT_BITS,
        "factor_sum": rows * limit * 2**FACTOR_BITS * 2 ** (FACTOR_BITS + PRODUCT_BITS),
    }
    for name, number in largest.items():
        assert number < 2 ** getattr(bounds, name) <= 8 * number, name
    standardised = Bounds(rows=rows, terms=30, scaled=True, small_labels=small_labels)
    assert 2**standardised.feature <= 8 * max(1, rows) ** 0.5 * 2**FEATURE_BITS
