import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workers.components.gradient_slots import PRECISION_BITS, Rounding, Slots, fit_total

REALS = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(arrays(np.float64, 6, elements=REALS), arrays(np.float64, 6, elements=REALS))
def test_rounding_keeps_the_largest_numbers_first_bits(gradients, hessians):
    rounding = Rounding.fit(gradients, hessians)
    rounded = rounding.round(gradients, hessians)
    assert (np.abs(rounded) <= 2**PRECISION_BITS).all()
    apart = np.abs(rounding.restore(rounded) - np.column_stack([gradients, hessians])).max(axis=0)
    largest = np.array([np.abs(gradients).max(), np.abs(hessians).max()])
    # No step is finer than 2^-932, whatever the numbers.
    assert (apart <= largest * 2.0**-PRECISION_BITS + 2.0**-932).all()


def test_numbers_near_nothing_are_no_trouble():
    tiny = np.array([1e-310, 0.0])
    assert np.isfinite(Rounding.fit(tiny, tiny).round(tiny, tiny)).all()


@given(st.lists(st.tuples(st.integers(-(2**32), 2**32), st.integers(-(2**32), 2**32)), min_size=1, max_size=60))
@example([(1, -1)] * 30)
def test_packed_sums_are_read_back_whatever_their_signs(pairs):
    slots = Slots(rows=len(pairs), key_bits=1024)
    modulus = (1 << 1023) + 12345
    running = np.cumsum(np.array(pairs, dtype=np.float64), axis=0)
    joined = slots.join(running)
    plaintexts = []
    for start in range(0, len(joined), slots.per_plaintext):
        part = joined[start : start + slots.per_plaintext]
        plaintexts.append(sum(number << (slots.pair * place) for place, number in enumerate(part)) % modulus)
    assert (slots.split(plaintexts, modulus=modulus, count=len(joined)) == running).all()


@pytest.mark.parametrize("key_bits", range(1024, 1104, 2))
def test_the_pairs_of_a_plaintext_stay_below_the_key(key_bits):
    slots = Slots(rows=30, key_bits=key_bits)
    assert key_bits - 2 - slots.pair < slots.per_plaintext * slots.pair <= key_bits - 2


def test_the_number_of_plaintexts_must_fit():
    with pytest.raises(ValueError, match="zip"):
        Slots(rows=10, key_bits=1024).split([0, 0, 0], modulus=1 << 1023, count=3)


@given(arrays(np.float64, 50, elements=REALS))
def test_sums_of_rounded_numbers_do_not_depend_on_their_order(values):
    rounding = fit_total(float(np.abs(values).sum()), 0.0)
    rounded = rounding.round(values, values * 0)[:, 0]
    assert rounded.sum() == rounded[::-1].sum() == sum(map(int, rounded))
