import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.test_homo_lr import DATA_PARTIES, PARTIES, make_party
from workers.components.homo_lr import homo_lr
from workers.components.logistic import mean_gradient, predict


def run(parties=PARTIES, inputs=None, **params):
    inputs = inputs or {member: {"train": make_party(place)} for place, member in enumerate(DATA_PARTIES)}
    return inputs, simulate(
        homo_lr, parties, params={"rounds": 5, "cv_folds": 3, "cv_shuffle": False, **params}, inputs=inputs
    )


@pytest.mark.parametrize("parties", [PARTIES, {**PARTIES, "arbiter": ["1"]}], ids=["guest adds", "arbiter adds"])
def test_folds_have_the_auc_of_plain_training_on_the_pooled_rest(parties):
    inputs, found = run(parties)
    tables = [inputs[member]["train"] for member in DATA_PARTIES]
    raw = [np.column_stack([table[name] for name in ("x0", "x1", "x2")]) for table in tables]
    labels = [np.array(table["y"], dtype=float) for table in tables]
    for number, (train, held) in enumerate(KFold(3).split(raw[0]), 1):
        pooled = np.concatenate([each[train] for each in raw])
        mean, deviation = pooled.mean(axis=0), pooled.std(axis=0)
        weights, all_labels = np.zeros(4), np.concatenate([each[train] for each in labels])
        for _ in range(5):
            gradient = mean_gradient(weights, (pooled - mean) / deviation, all_labels, l2=0.01)
            weights = weights - 0.15 * gradient
        for place, member in enumerate(DATA_PARTIES):
            scores = predict(weights, (raw[place][held] - mean) / deviation)
            step, value = found[member].metrics["validate_auc"][number - 1]
            assert step == number
            assert value == pytest.approx(roc_auc_score(labels[place][held], scores))
    for place, member in enumerate(DATA_PARTIES):
        table = found[member].read_table("data")
        assert table["id"] == tables[place]["id"]
        assert set(table["split"]) == {"fold_1", "fold_2", "fold_3"}
        assert "model" not in found[member].outputs
        assert len(found[member].summary["cv"]["folds"]) == 3
        assert found[member].progress == sorted(found[member].progress)


def test_folds_that_cannot_be_are_refused():
    with pytest.raises((InvalidInputError, PeerError), match="party .* has 60 rows, too few for 61 folds"):
        run(cv_folds=61)
    inputs = {member: {"train": make_party(place)} for place, member in enumerate(DATA_PARTIES)}
    with pytest.raises(InvalidInputError, match="cv_folds is 2 at party 10001 but 3 at party 9999"):
        simulate(homo_lr, PARTIES, params=lambda me: {"cv_folds": 2 if me.party == "10001" else 3}, inputs=inputs)


def test_no_fold_shows_a_plain_vector():
    _, found = run()
    parts = [np.asarray(m.value) for m in found.messages if m.name.endswith(" part")]
    assert len({m.name for m in found.messages if m.name.endswith(" part")}) == 3
    assert all((words[-1] != 0).all() for words in parts)
