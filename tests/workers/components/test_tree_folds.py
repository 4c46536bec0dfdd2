import numpy as np
import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.boosting import boost_plainly, goes_left, make_tables, pool, sigmoid
from tests.workers.components.test_homo_secureboost import make_parties
from tests.workers.components.vertical import FAST, THREE, TWO
from workers.components import cipher_sums, forks
from workers.components.hetero_secureboost import hetero_secureboost
from workers.components.homo_secureboost import homo_secureboost


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    for module in (forks, cipher_sums):
        monkeypatch.setattr(module, "count_cores", lambda: 1)


def predict_plainly(trees, features):
    scores = np.zeros(len(features))
    for row in range(len(features)):
        for tree in trees:
            node = tree
            while "weight" not in node:
                node = node["left" if goes_left(features[[row]], node["cut"])[0] else "right"]
            scores[row] += 0.3 * node["weight"]
    return scores


def test_every_row_is_predicted_by_trees_that_did_not_know_it():
    inputs = make_tables((2, 2), rows=60)
    found = simulate(hetero_secureboost, TWO, params={**FAST, "trees": 2, "cv_folds": 3, "seed": 1}, inputs=inputs)
    table = found["guest"].read_table("data")
    features, labels = pool(inputs)
    names = inputs["guest.0"]["train"]["id"]
    assert sorted(table["id"]) == sorted(names)
    for fold in ("fold_1", "fold_2", "fold_3"):
        held = [names.index(n) for n, split in zip(table["id"], table["split"], strict=True) if split == fold]
        rest = np.setdiff1d(np.arange(60), held)
        trees, _ = boost_plainly(features[rest], labels[rest], trees=2)
        wanted = sigmoid(predict_plainly(trees, features[held]))
        mine = [s for s, split in zip(table["predict_score"], table["split"], strict=True) if split == fold]
        assert len(held) == 20
        assert np.allclose(mine, wanted, atol=1e-6)


def test_each_fold_is_measured_and_no_model_is_written():
    found = simulate(hetero_secureboost, TWO, params={**FAST, "trees": 2, "cv_folds": 2}, inputs=make_tables((1, 2)))
    summary = found["guest"].summary["cv"]
    assert [each["fold"] for each in summary["folds"]] == [1, 2]
    aucs = [each["validate"]["auc"] for each in summary["folds"]]
    assert summary["mean"]["validate"]["auc"] == pytest.approx(np.mean(aucs))
    assert list(found["guest"].outputs) == ["data"]
    assert not found["host"].outputs
    for member in found:
        assert found[member].progress == sorted(found[member].progress)
        assert found[member].progress[-1] == 1.0


def test_each_party_holds_back_a_part_of_its_own_rows():
    inputs, *_ = make_parties()
    found = simulate(homo_secureboost, {**THREE, "arbiter": ["1"]}, params={"trees": 2, "cv_folds": 2}, inputs=inputs)
    for owner, ports in inputs.items():
        table = found[owner].read_table("data")
        assert sorted(table["id"]) == sorted(ports["train"]["id"])
        assert len(found[owner].summary["cv"]["folds"]) == 2
    assert not found["arbiter"].outputs


def test_a_single_fold_is_refused():
    with pytest.raises(InvalidInputError, match="`cv_folds` is 1, which leaves nothing to train with"):
        simulate(hetero_secureboost, TWO, params={**FAST, "cv_folds": 1}, inputs=make_tables((1, 1)))


def test_different_folds_are_named():
    with pytest.raises(InvalidInputError, match="cv_folds is 3 at party 10000 but 2 at party 9999"):
        simulate(
            hetero_secureboost,
            TWO,
            params=lambda me: {**FAST, "cv_folds": 3 if me.role == "host" else 2},
            inputs=make_tables((1, 1)),
        )
