import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.components.columns import NotNumericError, count_gaps, take_mean, to_numbers


def read(values, kind=None, missing=("", "NA"), known=None):
    return to_numbers(pa.chunked_array([pa.array(values, kind)]), missing=missing, known=known or {})


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        ([1, 2], pa.int32(), [1, 2]),
        ([1, None], pa.int64(), [1, np.nan]),
        ([1.5, float("nan")], pa.float32(), [1.5, np.nan]),
        ([True, False, None], pa.bool_(), [1, 0, np.nan]),
        (["1", " 2.5 ", "NA", "", None, "-1e3"], pa.string(), [1, 2.5, np.nan, np.nan, np.nan, -1000]),
        (["1", "2"], pa.large_string(), [1, 2]),
        ([decimal.Decimal("1.25")], pa.decimal128(5, 2), [1.25]),
        ([None, None], pa.null(), [np.nan, np.nan]),
    ],
)
def test_numbers_are_read_from_many_types(values, kind, wanted):
    assert np.array_equal(read(values, kind), wanted, equal_nan=True)


def test_a_dictionary_of_texts_is_read_too():
    column = pa.chunked_array([pa.array(["1", "2", "1"]).dictionary_encode()])
    assert to_numbers(column, missing=(), known={}).tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("values", "text", "rows"),
    [
        (["1", "abc", "x"], "holds text such as 'abc'", 2),
        (["1_000"], "holds text such as '1_000'", 1),
        (["a" * 60], "holds text such as '" + "a" * 40 + "...'", 1),
        (["inf"], "holds infinite values", 1),
        ([float("inf"), 1.0, float("-inf")], "holds infinite values", 2),
    ],
)
def test_what_is_no_number_is_named_and_counted(values, text, rows):
    with pytest.raises(NotNumericError) as caught:
        read(values)
    assert (str(caught.value), caught.value.rows) == (text, rows)


def test_a_column_of_dates_is_named_by_its_type():
    with pytest.raises(NotNumericError, match="is of type date32"):
        read([0], pa.date32())


def test_known_texts_are_mapped_and_others_refused():
    known = {"B": 0, "M": 1}
    assert np.array_equal(read(["M", "B", "", None], known=known), [1, 0, np.nan, np.nan], equal_nan=True)
    assert read([1, 2], known={"1": 0, "2": 1}).tolist() == [0, 1]
    with pytest.raises(NotNumericError, match="holds 'X', which the given map lacks"):
        read(["M", "X"], known=known)


@pytest.mark.parametrize("values", [[1.0, -2.0, None], [1, -2, None], [1.0, -2.0, float("nan")]])
@pytest.mark.parametrize("known", [{"1": 7, "-2": 8}, {"1.0": 7, "-2.0": 8}])
def test_a_known_number_may_be_written_with_or_without_its_point(values, known):
    assert np.array_equal(read(values, known=known), [7, 8, np.nan], equal_nan=True)
    with pytest.raises(NotNumericError, match="holds '3.5', which the given map lacks"):
        read([1.0, 3.5], known=known)
    with pytest.raises(NotNumericError, match="holds '1e\\+300', which the given map lacks"):
        read([1e300], known=known)


def test_a_mean_is_finite_even_where_the_sum_is_not():
    assert take_mean(np.array([1.0, 2.0, 6.0])) == 3.0
    assert take_mean(np.array([1.7e308, 1.7e308])) == pytest.approx(1.7e308)
    assert take_mean(np.array([1.7e308, 1.7e308, -1.7e308, -1.7e308])) == 0.0


@given(st.lists(st.none() | st.floats(allow_infinity=False), max_size=30))
@settings(deadline=None)
def test_gaps_are_the_missing_values_and_the_rest_survives_as_text(values):
    wanted = np.array([np.nan if value is None else value for value in values], dtype=float)
    texts = [None if value is None else repr(value) for value in values]
    found = read(texts, pa.string(), missing=("", "nan"))
    assert np.array_equal(found, wanted, equal_nan=True)
    assert count_gaps(found) == np.isnan(wanted).sum()
