import pytest

from api.dialects.fate.requests.whole import parse_whole


@pytest.mark.parametrize(("given", "number"), [(7, 7), (0, 0), ("12", 12), (" -3 ", -3), ("9" * 18, 10**18 - 1)])
def test_numbers_and_texts_of_digits_are_whole(given, number):
    assert parse_whole(given) == number


@pytest.mark.parametrize("given", ["", "-", "--1", "1.0", 1.0, True, None, [1], "x", "\u0663", "9" * 5000, 10**18])
def test_whatever_else_is_none(given):
    assert parse_whole(given) is None
