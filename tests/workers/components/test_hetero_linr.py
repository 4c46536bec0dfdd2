import numpy as np
import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.vertical import (
    FAST,
    THREE,
    TWO,
    assert_hidden,
    list_losses,
    make_inputs,
    pool,
    read_weights,
    train_plainly,
)
from workers.components.hetero_linr import hetero_linr

PARAMS = {**FAST, "epochs": 3, "learning_rate": 0.2}


@pytest.mark.parametrize(("parties", "widths"), [(TWO, (2, 2)), ({**THREE, "arbiter": ["1"]}, (1, 2, 1))])
def test_it_gives_what_plain_training_on_the_pooled_columns_gives(parties, widths):
    inputs = make_inputs(widths, kind="linear")
    found = simulate(hetero_linr, parties, params=PARAMS, inputs=inputs)
    features, labels = pool(inputs)
    weights, losses = train_plainly(features, labels, PARAMS, kind="linear")
    assert np.allclose(read_weights(found), weights, atol=1e-6)
    assert np.allclose(list_losses(found), losses, atol=1e-5)
    assert_hidden(found, inputs, kind="linear")
    table = found["guest"].read_table("data")
    assert np.allclose(table["predict_score"], features @ weights, atol=1e-5)
    assert table["predict_result"] == table["predict_score"]
    assert table["label"] == labels.tolist()


def test_it_converges_to_ridge_regression():
    inputs = make_inputs((2, 2), kind="linear")
    found = simulate(hetero_linr, TWO, params={**FAST, "epochs": 60, "learning_rate": 0.5, "alpha": 0.1}, inputs=inputs)
    features, labels = pool(inputs)
    penalty = 0.1 * len(labels) * np.diag([1.0, 1, 1, 1, 0])
    wanted = np.linalg.solve(features.T @ features + penalty, features.T @ labels)
    assert np.allclose(read_weights(found), wanted, atol=1e-4)


def test_one_value_for_all_labels_is_fine_and_huge_ones_are_refused():
    inputs = make_inputs((1, 1), kind="linear")
    inputs["guest.0"]["train"]["y"] = [2.0] * 40
    found = simulate(hetero_linr, TWO, params=PARAMS, inputs=inputs)
    assert np.allclose(read_weights(found)[:-1], 0, atol=1e-4)
    inputs["guest.0"]["train"]["y"] = [2e7] * 40
    with pytest.raises(InvalidInputError, match="label column 'y' of party 9999 goes up to 2e.07: divide it"):
        simulate(hetero_linr, TWO, params=PARAMS, inputs=inputs)
