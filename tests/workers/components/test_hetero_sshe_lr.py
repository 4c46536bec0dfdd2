import numpy as np
import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.tabular import make_empty
from tests.workers.components.vertical import (
    FAST,
    THREE,
    TWO,
    assert_hidden,
    list_losses,
    list_plain_values,
    make_inputs,
    pool,
    read_model,
    read_weights,
    train_plainly,
)
from workers.components.group_masks import RING, from_words
from workers.components.hetero_sshe_lr import hetero_sshe_lr

PARAMS = {**FAST, "epochs": 3, "learning_rate": 0.3}


def run(inputs, parties=TWO, **params):
    return simulate(hetero_sshe_lr, parties, params={**PARAMS, **params}, inputs=inputs)


@pytest.mark.parametrize("params", [{}, {"batch_size": 15, "decay": 0.5}, {"penalty": "none"}], ids=str)
def test_it_gives_what_plain_training_on_the_pooled_columns_gives(params):
    inputs = make_inputs((2, 2))
    found = run(inputs, **params)
    alpha = 0.0 if params.get("penalty") == "none" else 0.01
    weights, losses = train_plainly(*pool(inputs), {**PARAMS, **params, "alpha": alpha})
    assert np.allclose(read_weights(found), weights, atol=1e-6)
    for member in found:
        assert np.allclose(list_losses(found, member), losses, atol=1e-6)
    assert [len(read_model(found, member)["coefficients"]) for member in found] == [2, 2]


def test_other_starts_and_no_intercept_work_on_shares_too():
    found = run(make_inputs((1, 2)), init="random_normal", fit_intercept=False, epochs=4)
    assert list_losses(found)[-1] < list_losses(found)[0]
    assert read_weights(found)[-1] == 0.0


def test_a_guest_without_features_is_fine():
    inputs = make_inputs((0, 2))
    weights, _ = train_plainly(*pool(inputs), PARAMS)
    assert np.allclose(read_weights(run(inputs)), weights, atol=1e-6)


def test_early_stop_by_loss_ends_both_in_the_same_epoch():
    found = run(make_inputs((1, 1)), early_stop="loss", tol=0.02, epochs=50)
    assert {found[member].summary["stopped_by"] for member in found} == {"loss"}
    assert found["guest"].summary["epochs"] == found["host"].summary["epochs"] < 50


def test_no_message_holds_a_plain_value_and_every_share_is_random():
    inputs = make_inputs((2, 2))
    found = run(inputs)
    assert {m.name for m in found.messages} == {
        "profile", "agreement", "public_key", "cipher", "masked", "blend", "loss_share", "weights_share", "score"
    }  # fmt: skip
    assert_hidden(found, inputs)
    secrets = [
        value for each in list_plain_values(inputs, read_weights(found)).values() for array in each for value in array
    ]
    largest = max(map(abs, secrets))
    for message in found.messages:
        if message.name == "weights_share":
            assert min(abs(each) for each in from_words(message.value)) > largest * 2**100
            assert RING > 2**255


def test_no_party_gets_a_gradient():
    """Whatever both could compute from: of the gradient's shares each party only ever has its own."""
    inputs = make_inputs((2, 2))
    found = run(inputs)
    received = {message.name for message in found.messages if message.receiver.role == "host"}
    assert received == {"agreement", "public_key", "cipher", "masked", "blend", "loss_share", "weights_share"}
    assert sum(message.name == "weights_share" for message in found.messages) == 2


def test_only_two_parties_without_an_arbiter_can_do_it():
    with pytest.raises(InvalidInputError, match="exactly 1 guest, exactly 1 host and no arbiter"):
        run(make_inputs((1, 1, 1)), THREE)


def test_training_that_diverges_says_what_to_lower():
    with pytest.raises(InvalidInputError, match="diverged"):
        run(make_inputs((2, 2)), learning_rate=100, epochs=30)


def test_samples_to_validate_with_may_be_none_at_all():
    inputs = make_inputs((1, 2))
    for owner, names in (("guest.0", ["x0"]), ("host.0", ["x1", "x2"])):
        inputs[owner]["validate"] = make_empty(*names)
    found = run(inputs, validate_every=1)
    assert {"train_auc"} <= set(found["guest"].metrics)
    assert set(found["guest"].read_table("data")["split"]) == {"train"}
