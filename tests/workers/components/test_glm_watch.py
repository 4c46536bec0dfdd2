import numpy as np
import pytest
from sklearn.metrics import mean_squared_error, roc_auc_score

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.vertical import (
    FAST,
    THREE,
    TWO,
    assert_hidden,
    make_inputs,
    pool,
    read_model,
    read_weights,
    train_plainly,
)
from workers.components import shared_glm, vertical_params
from workers.components.hetero_linr import hetero_linr
from workers.components.hetero_lr import hetero_lr
from workers.components.hetero_poisson import hetero_poisson
from workers.components.hetero_sshe_lr import hetero_sshe_lr


def make_split(widths, *, kind="logistic", rows=60):
    """Inputs `train` and `validate` with half of the rows each."""
    inputs = make_inputs(widths, rows=rows, kind=kind)
    for ports in inputs.values():
        whole = ports["train"]
        ports["train"] = {name: column[: rows // 2] for name, column in whole.items()}
        ports["validate"] = {name: column[rows // 2 :] for name, column in whole.items()}
    return inputs


def run(body, parties, inputs, **params):
    return simulate(body, parties, params={**FAST, "epochs": 4, "learning_rate": 0.3, **params}, inputs=inputs)


def list_plain_aucs(inputs, split, epochs, **params):
    """The AUC after each epoch of training on the pooled columns."""
    features, labels = pool(inputs, split)
    weights = [train_plainly(*pool(inputs), {"learning_rate": 0.3, **params, "epochs": n})[0] for n in epochs]
    return [roc_auc_score(labels, features @ each) for each in weights]


@pytest.mark.parametrize(
    ("body", "parties", "widths"),
    [(hetero_lr, TWO, (2, 2)), (hetero_lr, {**THREE, "arbiter": ["1"]}, (1, 2, 1)), (hetero_sshe_lr, TWO, (2, 2))],
    ids=["two", "three and an arbiter", "shares"],
)
def test_both_inputs_are_measured_with_the_weights_of_each_epoch(body, parties, widths):
    inputs = make_split(widths)
    found = run(body, parties, inputs, validate_every=2, metrics=["auc"])
    for split in ("train", "validate"):
        steps, values = zip(*found["guest"].metrics[f"{split}_auc"], strict=True)
        assert steps == (2, 4)
        assert values == pytest.approx(list_plain_aucs(inputs, split, steps))
    assert not {"train_auc", "validate_auc"} & set(found["host.0"].metrics)


def test_without_being_asked_nothing_is_measured_and_no_score_travels_before_the_end():
    found = run(hetero_lr, TWO, make_split((1, 1)))
    assert set(found["guest"].metrics) == {"loss"}
    assert len([m for m in found.messages if m.name == "score"]) == 2


@pytest.mark.parametrize("body", [hetero_lr, hetero_sshe_lr])
def test_training_stops_where_validation_gets_no_better_and_keeps_the_best_weights(body):
    inputs = make_split((2, 2))
    params = {"epochs": 12, "learning_rate": 1.0, "metrics": ["auc"], "early_stopping_rounds": 2}
    aucs = list_plain_aucs(inputs, "validate", range(1, 13), learning_rate=1.0)
    best = stale = 0
    for place, value in enumerate(aucs):
        best, stale = (place, 0) if place == 0 or value > aucs[best] + 1e-12 else (best, stale + 1)
        if stale == 2:
            break
    assert stale == 2, "the sample must make training stop"
    found = run(body, TWO, inputs, **params)
    for member in found:
        assert found[member].summary["stopped_by"] == "metrics"
        assert found[member].summary["epochs"] == place + 1
        assert found[member].summary["best_epoch"] == best + 1
        assert read_model(found, member)["training"]["best_epoch"] == best + 1
    wanted, _ = train_plainly(*pool(inputs), {"learning_rate": 1.0, "epochs": best + 1})
    assert np.allclose(read_weights(found), wanted, atol=1e-5)


def test_an_arbiter_hears_the_verdicts_too():
    found = run(hetero_lr, {**TWO, "arbiter": ["1"]}, make_split((1, 1)), early_stopping_rounds=1, epochs=30)
    assert len({found[member].summary["epochs"] for member in found}) == 1
    assert {found[member].summary["stopped_by"] for member in found} == {"metrics"}


@pytest.mark.parametrize(("body", "kind"), [(hetero_linr, "linear"), (hetero_poisson, "poisson")])
def test_models_of_numbers_are_measured_by_their_errors(body, kind):
    inputs = make_split((1, 2), kind=kind)
    found = run(body, TWO, inputs, validate_every=1, learning_rate=0.1)
    features, labels = pool(inputs, "validate", like="train")
    scores = features @ read_weights(found)
    predicted = scores if kind == "linear" else np.exp(scores)
    assert found["guest"].metrics["validate_rmse"][-1] == (
        4,
        pytest.approx(mean_squared_error(labels, predicted) ** 0.5, rel=1e-4),
    )
    assert set(found["guest"].metrics) >= {"train_rmse", "train_mae", "validate_mae"}


def test_samples_without_labels_are_left_out():
    inputs = make_split((1, 1))
    del inputs["guest.0"]["validate"]["y"]
    found = run(hetero_lr, TWO, inputs, early_stopping_rounds=1)
    assert "train_auc" in found["guest"].metrics
    assert "validate_auc" not in found["guest"].metrics


def test_scores_under_way_are_hidden_from_all_but_the_guest():
    inputs = make_split((2, 2, 2))
    found = run(hetero_lr, THREE, inputs, early_stopping_rounds=3, epochs=2)
    assert {m.name for m in found.messages if m.receiver.role == "host"} >= {"verdict"}
    train = {owner: {"train": ports["train"]} for owner, ports in inputs.items()}
    assert_hidden(found, train, final=())
    shares = run(hetero_sshe_lr, TWO, make_split((1, 1), rows=20), validate_every=1, epochs=2)
    # Until the guest has added its own part, a share of a score is a mask: a word far from zero.
    for message in shares.messages:
        if message.name == "score_share":
            assert message.receiver.role == "guest"
            assert (np.asarray(message.value, dtype=np.uint64)[-1] != 0).all()


def test_a_metric_of_another_kind_of_model_is_refused_at_once():
    with pytest.raises(InvalidInputError, match="`metrics` holds 'rmse', which step 'hetero_lr' cannot measure"):
        run(hetero_lr, TWO, make_split((1, 1)), metrics=["rmse"])


@pytest.mark.parametrize(("body", "page"), [(hetero_lr, vertical_params), (hetero_sshe_lr, shared_glm)])
def test_the_page_says_who_hears_of_measurements(body, page):
    found = run(body, TWO, make_split((1, 1), rows=20), early_stopping_rounds=1, epochs=2)
    said = {who: learns for who, learns, _ in page.DISCLOSURE}
    assert {"train_auc", "validate_auc"} <= set(found["guest"].metrics)  # metrics are known at the centre
    assert "metrics of each measurement" in said["the centre"]
    assert {m.name for m in found.messages if m.receiver.role == "host"} >= {"verdict"}
    assert "whether it was the best so far" in said["each other party, with `early_stopping_rounds`"]
