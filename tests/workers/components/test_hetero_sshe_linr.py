import numpy as np

from fedrota.simulate import simulate
from tests.workers.components.vertical import (
    FAST,
    TWO,
    assert_hidden,
    list_losses,
    make_inputs,
    pool,
    read_weights,
    train_plainly,
)
from workers.components.hetero_sshe_linr import hetero_sshe_linr


def test_it_gives_what_plain_training_on_the_pooled_columns_gives():
    inputs, params = make_inputs((2, 2), kind="linear"), {"epochs": 3, "learning_rate": 0.2}
    found = simulate(hetero_sshe_linr, TWO, params={**FAST, **params}, inputs=inputs)
    weights, losses = train_plainly(*pool(inputs), params, kind="linear")
    assert np.allclose(read_weights(found), weights, atol=1e-6)
    assert np.allclose(list_losses(found), losses, atol=1e-5)
    assert_hidden(found, inputs, kind="linear")
