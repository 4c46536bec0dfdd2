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
from workers.components.hetero_poisson import hetero_poisson

PARAMS = {**FAST, "epochs": 3, "learning_rate": 0.1}


def run(parties, inputs, **params):
    return simulate(hetero_poisson, parties, params={**PARAMS, **params}, inputs=inputs)


@pytest.mark.parametrize("batch_size", [0, 15])
@pytest.mark.parametrize("parties", [TWO, {**TWO, "arbiter": ["1"]}], ids=["two", "with an arbiter"])
def test_it_gives_what_plain_training_on_the_pooled_columns_gives(parties, batch_size):
    inputs = make_inputs((2, 2), kind="poisson")
    found = run(parties, inputs, batch_size=batch_size)
    features, labels = pool(inputs)
    weights, losses = train_plainly(features, labels, {**PARAMS, "batch_size": batch_size}, kind="poisson")
    assert np.allclose(read_weights(found), weights, atol=1e-6)
    assert np.allclose(list_losses(found), losses, atol=1e-5)
    table = found["guest"].read_table("data")
    assert np.allclose(table["predict_score"], np.exp(features @ weights), atol=1e-4)
    assert table["predict_result"] == table["predict_score"]
    assert_hidden(found, inputs, kind="poisson")


def test_negative_counts_are_refused():
    inputs = make_inputs((2, 2), kind="poisson")
    inputs["guest.0"]["train"]["y"][3] = -1
    with pytest.raises(InvalidInputError, match="label column 'y' of party 9999 holds -1: counts are never negative"):
        run(TWO, inputs)


def test_a_second_host_is_refused():
    with pytest.raises(InvalidInputError, match="exactly 1 guest, exactly 1 host and at most 1 arbiter"):
        run(THREE, make_inputs((1, 1, 1), kind="poisson"))


def test_training_that_diverges_says_what_to_lower():
    with pytest.raises(InvalidInputError, match="has diverged .*: lower `learning_rate`"):
        run(TWO, make_inputs((2, 2), kind="poisson"), learning_rate=50)
