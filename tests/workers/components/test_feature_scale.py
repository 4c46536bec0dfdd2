import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from tests.workers.components.tabular import TWO, read_model, refuse_one, run_all, run_one
from workers.components.feature_scale import feature_scale

TABLE = {"id": ["a", "ß", "c", "c"], "y": [0, 0, 1, 1], "x": [1.0, 2.0, 3.0, 10.0], "k": [5, 5, 5, 5]}
rows = st.lists(st.tuples(st.floats(-1e6, 1e6).map(lambda v: round(v, 3)), st.integers(-3, 3)), min_size=1, max_size=12)


@given(rows)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.parametrize(("method", "plain"), [("standard_scale", StandardScaler), ("min_max_scale", MinMaxScaler)])
def test_scaling_is_scikit_learns(method, plain, rows):
    matrix = np.array(rows, dtype=float)
    table = {"id": [str(n) for n in range(len(rows))], "a": matrix[:, 0], "b": matrix[:, 1]}
    found = run_one(feature_scale, table, method=method).read_table("data")
    wanted = plain().fit_transform(matrix)
    spread = np.ptp(matrix, axis=0)
    for place, name in enumerate("ab"):
        if spread[place] > 1e-9 * np.abs(matrix[:, place]).max() or not spread[place]:
            assert np.allclose(found[name], wanted[:, place], rtol=1e-6, atol=1e-6)


def test_labels_ids_and_what_is_not_chosen_stay():
    found = run_one(feature_scale, TABLE, columns=["k"]).read_table("data")
    assert found == {**TABLE, "k": [0.0] * 4}


def test_later_tables_are_cut_off_at_what_was_seen():
    scaled = run_one(feature_scale, TABLE, method="min_max_scale")
    later = {"id": ["z", "w", "v"], "x": [0.0, 5.5, 99.0], "k": [5, 4, 6]}
    assert run_one(feature_scale, later, model=scaled).read_table("data")["x"] == [0.0, 0.5, 1.0]
    ranges = read_model(scaled)["ranges"]
    assert ranges["x"] == {"lower": 1.0, "upper": 10.0, "shift": 1.0, "divisor": 9.0}
    assert ranges["k"]["divisor"] == 1.0


def test_limits_cut_values_before_scaling():
    found = run_one(feature_scale, TABLE, method="min_max_scale", upper=[3], lower=[2]).read_table("data")
    assert found["x"] == [0.0, 0.0, 1.0, 1.0]
    assert found["k"] == [0.0] * 4
    single = run_one(feature_scale, TABLE, method="min_max_scale", upper=[4.0, 9.0]).read_table("data")
    assert single["x"] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    capped = run_one(feature_scale, TABLE, method="min_max_scale", mode="cap", upper=[0.75]).read_table("data")
    assert capped["x"] == [0.0, 0.5, 1.0, 1.0]


def test_mean_and_deviation_can_be_left_out():
    x = np.array(TABLE["x"])
    assert run_one(feature_scale, TABLE, with_mean=False).read_table("data")["x"] == pytest.approx(x / x.std())
    assert run_one(feature_scale, TABLE, with_std=False).read_table("data")["x"] == pytest.approx(x - x.mean())


def test_tiny_and_nearly_constant_columns():
    tiny = np.array([1.0, 2.0, 3.0, 10.0]) * 1e-12
    found = run_one(feature_scale, {**TABLE, "x": tiny, "k": [0.1] * 4}).read_table("data")
    assert np.allclose(found["x"], (tiny - tiny.mean()) / tiny.std())
    assert np.allclose(found["k"], 0.0)


def test_a_constant_column_becomes_zero_however_large_it_is():
    value = 20240101123456789.0
    assert np.full(10, value).mean() != value  # to the last bit, which is 4 here
    table = {"id": [str(row) for row in range(10)], "k": [value] * 10}
    assert run_one(feature_scale, table).read_table("data")["k"] == [0.0] * 10


def test_gaps_stay_gaps():
    found = run_one(feature_scale, {"id": ["a", "b", "c"], "x": [1.0, None, 3.0]}).read_table("data")
    assert found["x"][::2] == [-1.0, 1.0]
    assert np.isnan(found["x"][1])


def test_parties_scale_by_their_own_columns_and_say_nothing():
    tables = {"guest": TABLE, "host": {"id": ["q"], "x": [7.0]}}
    run = run_all(feature_scale, TWO, tables)
    assert run["host"].read_table("data")["x"] == [0.0]
    assert not run.messages


@pytest.mark.parametrize(
    ("table", "params", "texts"),
    [
        ({**TABLE, "x": [None] * 4}, {}, ["column 'x' of party 9999 has no values"]),
        ({**TABLE, "x": list("abcd")}, {}, ["column 'x' of party 9999 holds text"]),
        (TABLE, {"upper": [1, 2, 3]}, ["`upper` has 3 numbers, but the table of party 9999 has 2 features"]),
        (TABLE, {"upper": [1], "lower": [2]}, ["`lower` is 2 and `upper` is 1 for column 'x' of party 9999"]),
        (TABLE, {"mode": "cap", "upper": [2]}, ["`mode: cap`", "party 9999", "`mode: normal`"]),
        (TABLE, {"method": "log"}, ["method must be one of"]),
        (TABLE, {"columns": ["q"]}, ["party 9999 has no feature 'q'"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(table, params, texts):
    text = refuse_one(feature_scale, table, **params)
    assert all(each in text for each in texts), text


@pytest.mark.parametrize("method", ["standard_scale", "min_max_scale"])
def test_a_value_too_large_to_square_is_named_unless_it_is_cut_off(method):
    table = {"id": ["a", "b", "c"], "x": [1e200, 0.0, 2.0]}
    text = refuse_one(feature_scale, table, method=method)
    assert "column 'x' of party 9999 has values from 0 to 1e+200" in text
    assert "set `lower` and `upper`" in text
    assert max(run_one(feature_scale, table, method=method, upper=[2.0]).read_table("data")["x"]) < 2
