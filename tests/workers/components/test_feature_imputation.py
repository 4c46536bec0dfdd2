import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer

from tests.workers.components.tabular import read_model, refuse_one, run_one
from workers.components.data_transform import data_transform
from workers.components.feature_imputation import feature_imputation

TABLE = {"id": ["a", "b", "c"], "y": [0, 1, 1], "x": [1.0, None, 4.0], "z": [-1, 5, -1]}
cells = st.none() | st.integers(-50, 50).map(float)
PLAIN = {
    "mean": SimpleImputer(strategy="mean"),
    "median": SimpleImputer(strategy="median"),
    "value": SimpleImputer(strategy="constant", fill_value=0.0),
}


@given(st.lists(cells, min_size=1, max_size=12).filter(lambda each: any(cell is not None for cell in each)))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.parametrize("method", list(PLAIN))
def test_gaps_are_filled_as_scikit_learn_fills_them(method, column):
    table = {"id": [str(place) for place in range(len(column))], "x": column}
    found = run_one(feature_imputation, table, method=method).read_table("data")["x"]
    matrix = np.array([[np.nan if cell is None else cell] for cell in column])
    assert found == pytest.approx(PLAIN[method].fit_transform(matrix)[:, 0].tolist())


@pytest.mark.parametrize(("method", "value"), [("min", 1.0), ("max", 4.0)])
def test_gaps_become_the_least_or_the_greatest(method, value):
    assert run_one(feature_imputation, TABLE, method=method).read_table("data")["x"] == [1.0, value, 4.0]


def test_the_mean_of_the_largest_numbers_fills_gaps():
    table = {"id": ["a", "b", "c"], "x": [1.7e308, None, 1.7e308]}
    for found in (run_one(feature_imputation, table), run_one(data_transform, table, fill="mean")):
        assert found.read_table("data")["x"] == [pytest.approx(1.7e308)] * 3


def test_columns_have_their_own_methods_and_values_and_numbers_can_be_gaps():
    result = run_one(feature_imputation, TABLE, method="none", methods={"z": "mean"}, also_missing=[-1])
    assert result.read_table("data") == {**TABLE, "z": [5.0] * 3}
    assert result.summary["filled_share"] == {"z": pytest.approx(2 / 3)}
    assert result.summary["fill"] == {"z": 5.0}
    values = run_one(feature_imputation, TABLE, method="value", fill_values=[7, 8]).read_table("data")
    assert values["x"] == [1.0, 7.0, 4.0]


def test_the_centre_sees_only_values_that_filled_a_gap():
    result = run_one(feature_imputation, {"id": ["a", "b"], "x": [1.0, None], "secret": [7.0, 9.0]}, method="max")
    assert result.summary["fill"] == {"x": 1.0}


def test_later_tables_are_filled_with_what_was_learned():
    learned = run_one(feature_imputation, TABLE, also_missing=[-1])
    later = run_one(feature_imputation, {"id": ["q"], "x": [None], "z": [-1]}, model=learned)
    assert later.read_table("data") == {"id": ["q"], "x": [2.5], "z": [5.0]}
    assert read_model(learned)["fill"] == {"x": 2.5, "z": 5.0}


def test_data_transform_passes_gaps_on_when_told():
    passed = run_one(data_transform, {**TABLE, "x": ["1", "NA", "4"]}, fill="keep")
    filled = run_one(feature_imputation, passed.output("data"))
    assert filled.read_table("data")["x"] == [1.0, 2.5, 4.0]


@pytest.mark.parametrize(
    ("table", "params", "texts"),
    [
        ({**TABLE, "x": [None] * 3}, {}, ["column 'x' of party 9999 is empty, so it has no mean", "`methods`"]),
        ({**TABLE, "x": ["a", "b", None]}, {}, ["column 'x' of party 9999 holds text"]),
        (TABLE, {"methods": {"q": "min"}}, ["party 9999 has no feature 'q'; it has x, z", "`methods`"]),
        (TABLE, {"fill_values": [1]}, ["`fill_values` has 1 numbers", "party 9999 has 2 features"]),
        (TABLE, {"methods": {"x": "mode"}}, ["methods.x must be one of"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(table, params, texts):
    text = refuse_one(feature_imputation, table, **params)
    assert all(each in text for each in texts), text
