import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from workers.components.column_statistics import NAMES, SUMMARY, is_statistic, measure

values = st.lists(
    st.none() | st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda each: round(each, 3)), min_size=1, max_size=30
)


@given(values, st.booleans())
def test_statistics_are_those_of_numpy_and_scipy(cells, bias):
    column = np.array([np.nan if cell is None else cell for cell in cells])
    present = column[~np.isnan(column)]
    found = measure(column, [*NAMES, "25%", "90%"], bias=bias)
    assert found["count"] == len(present)
    assert found["missing_count"] == len(column) - len(present)
    assert found["missing_ratio"] == pytest.approx(1 - len(present) / len(column))
    if not len(present):
        assert {found[name] for name in (*SUMMARY, "25%") if "missing" not in name} == {None}
        return
    wanted = {
        "sum": present.sum(),
        "mean": present.mean(),
        "median": np.median(present),
        "min": present.min(),
        "max": present.max(),
        "25%": np.percentile(present, 25),
        "90%": np.percentile(present, 90),
        "variance": present.var(),
        "stddev": present.std(),
    }
    size = np.abs(present).max() or 1.0
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-9 * size**2), name
    if present.std() > 1e-6 * size:
        assert found["skewness"] == pytest.approx(scipy.stats.skew(present, bias=bias), rel=1e-6, abs=1e-6)
        assert found["kurtosis"] == pytest.approx(scipy.stats.kurtosis(present, bias=bias), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.5, 1e300])
def test_a_constant_column_varies_in_nothing(value):
    found = measure(np.full(7, value), NAMES, bias=False)
    assert (found["variance"], found["stddev"], found["skewness"], found["kurtosis"]) == (0, 0, 0, -3)
    assert found["coefficient_of_variance"] == 0


def test_a_mean_of_nearly_nothing_is_not_divided_by():
    assert measure(np.array([-1.0, 1.0]), ["coefficient_of_variance"], bias=True) == {"coefficient_of_variance": 1e8}


@pytest.mark.parametrize(
    ("name", "known"), [("mean", True), ("0%", True), ("100%", True), ("101%", False), ("mode", False)]
)
def test_names_are_known_or_not(name, known):
    assert is_statistic(name) is known


def test_squares_of_huge_and_of_tiny_values_do_not_get_lost():
    values = np.array([1.0, 2.0, 6.0])
    plain = measure(values, NAMES, bias=True)
    for size in (2.0**700, 2.0**-700):
        found = measure(values * size, NAMES, bias=True)
        assert found["stddev"] == plain["stddev"] * size
        assert (found["skewness"], found["kurtosis"]) == (plain["skewness"], plain["kurtosis"])
    assert measure(values * 2.0**700, ["variance", "mean"], bias=True) == {"variance": None, "mean": 3 * 2.0**700}
    found = measure(np.full(3, 1.7e308), ["sum", "mean"], bias=True)
    assert found == {"sum": None, "mean": pytest.approx(1.7e308)}
