import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, TWO, make_inputs
from workers.components.hetero_lr import hetero_lr
from workers.components.hetero_pearson import hetero_pearson
from workers.components.vertical_data import ColumnScale, read_columns


def read_at_host(*, scale=True, **inputs):
    found = []

    @component("reads", inputs={"train": "table", "validate": "table"})
    def reads(context):
        """Read columns."""
        found.append(read_columns(context, scale=scale))

    simulate(reads, {"host": ["7"]}, inputs={"host": inputs})
    return found[0]


def test_both_inputs_are_scaled_by_the_training_samples():
    columns = read_at_host(train={"id": [1, 2], "x": [1.0, 3.0]}, validate={"id": [3], "x": [5.0]})
    assert [(name, samples.features.tolist()) for name, samples in columns.list_splits()] == [
        ("train", [[-1.0], [1.0]]),
        ("validate", [[3.0]]),
    ]
    assert columns.train.ids == ["1", "2"]
    assert read_at_host(train={"id": [1, 2], "x": [1.0, 3.0]}, scale=False).train.features.tolist() == [[1.0], [3.0]]


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"train": {"id": ["a"]}}, "training table of party 7 has no features"),
        ({"train": {"id": ["a", "a"], "x": [1, 2]}}, "input 'train' of party 7 repeats 1 ids in column 'id'"),
        (
            {"train": {"id": ["a"], "x": [1]}, "validate": {"id": ["a"], "z": [1]}},
            "training had x, these samples have z",
        ),
    ],
)
def test_what_does_not_fit_is_named(inputs, text):
    with pytest.raises(InvalidInputError, match=text):
        read_at_host(**inputs)


def test_scaling_leaves_constant_columns_at_zero():
    features = np.array([[1.0, 7.0], [3.0, 7.0]])
    scale = ColumnScale.measure(features)
    assert scale.apply(features).tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert ColumnScale.keep(2).apply(features).tolist() == features.tolist()


@pytest.mark.parametrize("value", [0.1, 20240101123456789.0, -1e30])
def test_rounding_of_a_constant_columns_mean_is_no_value_to_train_with(value):
    features = np.full((300, 1), value)
    assert np.abs(ColumnScale.measure(features).apply(features)).max() < 1e-12


def test_rounding_of_a_constant_columns_mean_is_no_deviation():
    features = np.full((300, 1), 0.1)
    assert features.std() > 0  # to the last bit it is not 0
    columns = read_at_host(train={"id": list(range(300)), "x": features[:, 0].tolist()}, scale=False)
    assert columns.train.features.tolist() == features.tolist()


@pytest.mark.parametrize("body", [hetero_lr, hetero_pearson])
def test_a_value_too_large_to_square_is_named(body):
    inputs = make_inputs((1, 2))
    inputs["host.0"]["train"]["x2"][0] = 1e200
    tables = {owner: {"train" if body is hetero_lr else "data": ports["train"]} for owner, ports in inputs.items()}
    with pytest.raises(InvalidInputError, match="column 'x2' of party 10000 has values up to 1e.200"):
        simulate(body, TWO, params=FAST, inputs=tables)
