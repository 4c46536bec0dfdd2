import fractions

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.components.masking import FRACTION_BITS, PairMasks, add, decode, encode, negate, total

reals = st.lists(st.floats(-(2.0**100), 2.0**100), min_size=1, max_size=20).map(np.array)


def as_integers(words) -> list[int]:
    """The words as whole numbers modulo 2^256, by Python's own arithmetic."""
    return [sum(int(word) << (64 * place) for place, word in enumerate(column)) for column in words.T]


@given(reals)
@settings(deadline=None)
def test_words_are_the_reals_in_fixed_point_and_decode_to_them(values):
    words = encode(values)
    for found, value in zip(as_integers(words), values, strict=True):
        exact = fractions.Fraction(float(value)) * 2**FRACTION_BITS
        assert found == round(exact) % 2**256
    assert np.allclose(decode(words), values, rtol=1e-15, atol=2.0**-128)


@given(reals, st.integers(1, 6), st.integers(0, 2**32))
@settings(deadline=None)
def test_the_sum_of_words_is_the_exact_sum_of_the_integers(values, parties, seed):
    rng = np.random.default_rng(seed)
    vectors = [values * rng.normal() for _ in range(parties)]
    parts = [encode(vector) for vector in vectors]
    summed = as_integers(total(parts))
    for place, found in enumerate(summed):
        assert found == sum(as_integers(part)[place] for part in parts) % 2**256


@given(reals)
@settings(deadline=None)
def test_a_number_and_its_negative_make_zero(values):
    words = encode(values)
    assert as_integers(add(words, negate(words))) == [0] * len(values)
    assert as_integers(encode(-values)) == as_integers(negate(words))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.0**111])
def test_what_cannot_be_encoded_is_an_error(value):
    with pytest.raises(OverflowError, match="not finite or larger"):
        encode(np.array([1.0, value]))


def make_party_masks(count: int, context: str = "job/step/1") -> list[PairMasks]:
    parties = [PairMasks(position=place, context=context) for place in range(count)]
    for place, party in enumerate(parties):
        party.agree({other: each.public_key for other, each in enumerate(parties) if other != place})
    return parties


@pytest.mark.parametrize("count", [2, 3, 5])
def test_masks_cancel_exactly_in_the_sum_and_hide_every_part(count):
    vectors = [np.random.default_rng(place).normal(size=40) * 10.0**place for place in range(count)]
    plain = [encode(vector) for vector in vectors]
    hidden = [party.hide(words, turn=7) for party, words in zip(make_party_masks(count), plain, strict=True)]
    assert as_integers(total(hidden)) == as_integers(total(plain))
    for before, after in zip(plain, hidden, strict=True):
        assert not (before == after).any()
    # Even with one party's part left out, nothing of the sum of the others shows.
    assert not (total(hidden[1:]) == total(plain[1:])).any()


def test_masks_differ_by_turn_by_pair_and_by_attempt():
    zeros = encode(np.zeros(50))
    first, second, third = make_party_masks(3)
    shown = [
        each.tobytes()
        for each in (
            first.hide(zeros, turn=1),
            first.hide(zeros, turn=2),
            second.hide(zeros, turn=1),
            third.hide(zeros, turn=1),
            make_party_masks(3)[0].hide(zeros, turn=1),
        )
    ]
    assert len(set(shown)) == len(shown)


def test_the_context_is_part_of_the_key():
    one, other = make_party_masks(2)
    same = [one.hide(encode(np.zeros(4)), turn=1)]
    one._context = b"job/step/2"
    one.agree({1: other.public_key})
    assert (one.hide(encode(np.zeros(4)), turn=1) != same[0]).any()


def test_masked_words_look_uniform():
    words = make_party_masks(2)[0].hide(encode(np.zeros(20_000)), turn=1)
    shares = np.unpackbits(words.view(np.uint8)).mean()
    assert abs(shares - 0.5) < 0.002
