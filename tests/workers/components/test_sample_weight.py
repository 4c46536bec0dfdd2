import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.tabular import TWO, make_empty, read_marks, refuse_one, run_one
from workers.components.hetero_lr import hetero_lr
from workers.components.hetero_sshe_lr import hetero_sshe_lr
from workers.components.sample_weight import sample_weight

TABLE = {"id": ["a", "b", "c"], "y": [0, 1, 1], "x": [1.0, 2.0, 3.0], "w": [0.0, 1.0, 3.0]}


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=15))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_balanced_weights_are_scikit_learns(labels):
    table = {"id": [str(place) for place in range(len(labels))], "y": labels}
    found = run_one(sample_weight, table, balanced=True).read_table("data")["sample_weight"]
    assert found == pytest.approx(compute_sample_weight("balanced", labels).tolist())


def test_weights_of_labels_and_of_a_column():
    labelled = run_one(sample_weight, TABLE, class_weights={"1": 2.5})
    assert labelled.read_table("data") == {**TABLE, "sample_weight": [1.0, 2.5, 2.5]}
    assert read_marks(labelled) == {"id": "id", "label": "y", "weight": "sample_weight"}
    column = run_one(sample_weight, TABLE, weight_column="w", balanced=True, normalize=True)
    assert column.read_table("data")["w"] == pytest.approx([0, 0.75, 2.25])
    assert read_marks(column)["weight"] == "w"


def test_the_largest_weights_are_normalised_too():
    found = run_one(sample_weight, {"id": ["a", "b"], "w": [1.7e308, 1.7e308]}, weight_column="w", normalize=True)
    assert found.read_table("data")["w"] == [pytest.approx(1.0)] * 2


def test_new_weights_take_the_place_of_earlier_ones():
    first = run_one(sample_weight, TABLE, weight_column="w")
    second = run_one(sample_weight, first.output("data"), balanced=True)
    assert list(second.read_table("data")) == ["id", "y", "x", "sample_weight"]
    again = run_one(sample_weight, second.output("data"), class_weights={"0": 4})
    assert again.read_table("data")["sample_weight"] == [4.0, 1.0, 1.0]


@pytest.mark.parametrize("params", [{}, {"balanced": True, "run": False}])
def test_without_anything_to_do_the_table_passes_on(params):
    result = run_one(sample_weight, TABLE, **params)
    assert result.read_table("data") == TABLE
    assert "weight" not in read_marks(result)


@pytest.mark.parametrize(
    ("table", "params", "texts"),
    [
        (TABLE, {"weight_column": "q"}, ["party 9999 has no feature 'q'; it has x, w", "`weight_column`"]),
        (
            {**TABLE, "w": [-1, 2, None]},
            {"weight_column": "w"},
            ["column 'w' of party 9999 is negative or missing in 2 of 3"],
        ),
        ({**TABLE, "w": [0, 0, 0]}, {"weight_column": "w", "normalize": True}, ["'w' of party 9999 are 0"]),
        ({"id": ["a"], "x": [1]}, {"balanced": True}, ["the label column of party 9999 is missing"]),
        (
            {**TABLE, "sample_weight": [1, 1, 1]},
            {"balanced": True},
            ["party 9999 already has a feature 'sample_weight'"],
        ),
        (TABLE, {"class_weights": {"1": -1}}, ["class_weights.1 must be at least 0"]),
        (make_empty("w"), {"weight_column": "w"}, ["party 9999 has no rows"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(table, params, texts):
    text = refuse_one(sample_weight, table, **params)
    assert all(each in text for each in texts), text


@pytest.mark.parametrize("component", [hetero_lr, hetero_sshe_lr])
def test_models_that_cannot_weigh_refuse_weighted_samples(component):
    weighted = run_one(sample_weight, {**TABLE, "x": np.arange(3.0)}, balanced=True)
    inputs = {
        "guest": {"train": weighted.output("data")},
        "host": {"train": {"id": ["a", "b", "c"], "y": [1, 0, 1], "x": [1.0, 2.0, 3.0]}},
    }
    with pytest.raises(InvalidInputError, match="samples of party 9999 have weights in column 'sample_weight'"):
        simulate(component, TWO, inputs=inputs)
