import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from fedrota.component import InvalidInputError, PeerError
from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, THREE, TWO, make_inputs, train_plainly
from workers.components.hetero_linr import hetero_linr
from workers.components.hetero_lr import hetero_lr
from workers.components.hetero_poisson import hetero_poisson
from workers.components.hetero_sshe_linr import hetero_sshe_linr
from workers.components.hetero_sshe_lr import hetero_sshe_lr

PARAMS = {**FAST, "epochs": 3, "learning_rate": 0.3, "cv_folds": 3, "cv_shuffle": False}


def run(body, parties, inputs, **params):
    return simulate(body, parties, params={**PARAMS, **params}, inputs=inputs)


def cross_validate_plainly(inputs, *, kind="logistic"):
    """Scores of the held rows and of the others, and the rows, for each fold of the pooled columns."""
    columns = [column for ports in inputs.values() for name, column in ports["train"].items() if name[0] == "x"]
    raw, labels = np.array(columns, dtype=float).T, np.array(inputs["guest.0"]["train"]["y"], dtype=float)
    for train, held in KFold(3).split(raw):
        scaled = (raw - raw[train].mean(axis=0)) / raw[train].std(axis=0)
        features = np.column_stack([scaled, np.ones(len(raw))])
        params = {"epochs": 3, "learning_rate": 0.3}
        weights, _ = train_plainly(features[train], labels[train], params, kind=kind)
        yield features @ weights, labels, train, held


@pytest.mark.parametrize(
    ("body", "parties", "widths"),
    [(hetero_lr, TWO, (2, 2)), (hetero_lr, {**THREE, "arbiter": ["1"]}, (1, 2, 1)), (hetero_sshe_lr, TWO, (2, 1))],
    ids=["two", "three and an arbiter", "shares"],
)
def test_folds_have_the_auc_of_the_same_folds_of_the_pooled_columns(body, parties, widths):
    inputs = make_inputs(widths, rows=60)
    found = run(body, parties, inputs)
    guest = found["guest"]
    plain = list(cross_validate_plainly(inputs))
    for number, (scores, labels, train, held) in enumerate(plain, 1):
        assert guest.metrics["validate_auc"][number - 1] == (
            number, pytest.approx(roc_auc_score(labels[held], scores[held])),
        )  # fmt: skip
        assert guest.metrics["train_auc"][number - 1][1] == pytest.approx(roc_auc_score(labels[train], scores[train]))
    cv = guest.summary["cv"]
    values = [fold["validate"]["auc"] for fold in cv["folds"]]
    assert cv["mean"]["validate"]["auc"] == pytest.approx(np.mean(values))
    assert cv["std"]["validate"]["auc"] == pytest.approx(np.std(values))
    table = guest.read_table("data")
    assert table["id"] == inputs["guest.0"]["train"]["id"]
    assert table["split"] == [f"fold_{number}" for number in (1, 2, 3) for _ in range(20)]
    wanted = np.concatenate([1 / (1 + np.exp(-scores[held])) for scores, _, _, held in plain])
    assert np.allclose(table["predict_score"], wanted, atol=1e-6)
    for member in found:
        assert "model" not in found[member].outputs
        assert found[member].progress == sorted(found[member].progress)
        assert found[member].progress[-1] == 1.0
    assert "cv" not in found["host.0"].summary


@pytest.mark.parametrize(
    ("body", "kind"), [(hetero_linr, "linear"), (hetero_poisson, "poisson"), (hetero_sshe_linr, "linear")]
)
def test_models_of_numbers_are_cross_validated_too(body, kind):
    inputs = make_inputs((1, 1), rows=30, kind=kind)
    found = run(body, TWO, inputs, learning_rate=0.1)
    assert set(found["guest"].summary["cv"]["mean"]["validate"]) == {"rmse", "mae"}


def test_shuffled_folds_are_the_same_at_all_parties_and_differ_by_seed():
    inputs = make_inputs((1, 1), rows=30)
    ids = [
        run(hetero_lr, TWO, inputs, cv_shuffle=True, cv_seed=seed)["guest"].read_table("data")["id"]
        for seed in (1, 1, 2)
    ]
    assert ids[0] == ids[1] != ids[2]
    assert sorted(ids[0]) == sorted(inputs["guest.0"]["train"]["id"])


def test_each_fold_has_messages_and_masks_of_its_own():
    found = run(hetero_lr, THREE, make_inputs((1, 1, 1), rows=30))
    names = {m.name.split()[1] for m in found.messages if m.name.startswith("fold ")}
    assert names == {str(number) for number in (1, 2, 3)}
    keys = [m.value for m in found.messages if "mask_key" in m.name or "group_key" in m.name]
    senders = {(m.name, m.sender) for m in found.messages if "mask_key" in m.name or "group_key" in m.name}
    assert len(set(keys)) == len(senders)


def expect_invalid(text, inputs, **params):
    with pytest.raises((InvalidInputError, PeerError), match=text):
        run(hetero_lr, TWO, inputs, **params)


def test_folds_that_cannot_be_are_refused_with_a_reason():
    inputs = make_inputs((1, 1), rows=30)
    expect_invalid("has 30 rows, too few for 31 folds: lower `cv_folds`", inputs, cv_folds=31)
    expect_invalid("`cv_folds` is 1, which leaves nothing", inputs, cv_folds=1)
    inputs["guest.0"]["train"]["y"] = [1] * 10 + [0] * 20
    expect_invalid("without fold 1 of 3 all labels of party 9999 are the same: set `cv_shuffle: true`", inputs)
    with pytest.raises(InvalidInputError, match="cv_seed is 2 at party 10000 but 1 at party 9999"):
        simulate(hetero_lr, TWO, params=lambda me: {**PARAMS, "cv_seed": 2 if me.role == "host" else 1}, inputs=inputs)


def test_a_held_part_with_one_class_has_no_auc():
    inputs = make_inputs((1, 1), rows=30)
    inputs["guest.0"]["train"]["y"] = [1] * 10 + [0, 1] * 10
    found = run(hetero_lr, TWO, inputs)
    assert [step for step, _ in found["guest"].metrics["validate_auc"]] == [2, 3]
    assert found["guest"].summary["cv"]["folds"][0]["validate"] == {}
