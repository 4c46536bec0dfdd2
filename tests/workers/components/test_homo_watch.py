import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fedrota.simulate import simulate
from tests.workers.components.test_homo_lr import DATA_PARTIES, PARTIES, make_party
from workers.components.homo_lr import homo_lr
from workers.components.logistic import mean_gradient, predict


def make_inputs():
    return {
        member: {"train": make_party(place), "validate": make_party(50 + place, rows=20 + 10 * place)}
        for place, member in enumerate(DATA_PARTIES)
    }


def run(inputs, parties=PARTIES, **params):
    return simulate(homo_lr, parties, params={"rounds": 8, **params}, inputs=inputs)


def test_each_party_measures_its_own_samples_every_so_many_rounds():
    found = run(make_inputs(), validate_every=4, metrics=["ks", "accuracy"])
    for member in DATA_PARTIES:
        for name in ("train_ks", "validate_ks", "train_accuracy", "validate_accuracy"):
            assert [number for number, _ in found[member].metrics[name]] == [4, 8]
        assert "validate_auc" not in found[member].metrics
    assert set(run(make_inputs(), validate_every=0)["guest"].metrics) == {"federated_loss", "loss", "validate_loss"}


def list_means(inputs, rounds, split):
    """The mean AUC over the parties by their rows after each round of plain training."""
    tables = [ports["train"] for ports in inputs.values()]
    names = ("x0", "x1", "x2")
    features = np.concatenate([np.column_stack([table[name] for name in names]) for table in tables])
    labels = np.concatenate([table["y"] for table in tables]).astype(float)
    mean, deviation, weights = features.mean(axis=0), features.std(axis=0), np.zeros(4)
    for _ in range(rounds):
        weights = weights - mean_gradient(weights, (features - mean) / deviation, labels, l2=0.01)
        values = []
        for ports in inputs.values():
            table = ports[split]
            scaled = (np.column_stack([table[name] for name in names]) - mean) / deviation
            values.append((roc_auc_score(table["y"], predict(weights, scaled)), len(table["y"])))
        yield weights, sum(auc * rows for auc, rows in values) / sum(rows for _, rows in values)


@pytest.mark.parametrize("parties", [PARTIES, {**PARTIES, "arbiter": ["1"]}], ids=["guest adds", "arbiter adds"])
@pytest.mark.parametrize("split", ["validate", "train"])
def test_training_stops_where_the_mean_gets_no_better_and_keeps_the_best_weights(parties, split):
    inputs = make_inputs()
    plain = list(list_means(inputs, 40, split))
    if split == "train":
        inputs = {member: {"train": ports["train"]} for member, ports in inputs.items()}
    best = stale = 0
    for place, (_, value) in enumerate(plain):
        best, stale = (place, 0) if place == 0 or value > plain[best][1] + 1e-12 else (best, stale + 1)
        if stale == 2:
            break
    assert stale == 2, "the sample must make training stop"
    found = run(inputs, parties, rounds=40, learning_rate=1.0, early_stopping_rounds=2, metrics=["auc"])
    for member in found:
        summary = found[member].summary
        assert (summary["stopped_by"], summary["rounds"], summary["best_round"]) == ("metrics", place + 1, best + 1)
    model = json.loads(found["guest"].output("model").read_text())
    assert np.allclose([*model["coefficients"], model["intercept"]], plain[best][0], atol=1e-9)
