import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.tabular import ONE, TWO, make_empty, read_model, run_one
from workers.components.evaluation import evaluation
from workers.components.local_baseline import local_baseline
from workers.components.predict import predict
from workers.components.sample_weight import sample_weight

ROWS = 50
CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=(ROWS, 2))
Y = (X @ [2.0, -1.0] + CHANCE.normal(size=ROWS) > 0).astype(int)
TABLE = {"id": [f"ß{n}" for n in range(ROWS)], "y": Y, "a": X[:, 0], "b": X[:, 1]}
TIGHT = {"tol": 1e-8, "max_iter": 1000}


def train(table=TABLE, *, validate=None, **params):
    inputs = {"train": table} | ({"validate": validate} if validate else {})
    return simulate(local_baseline, ONE, params=params, inputs={"guest": inputs})["guest"]


def refuse(table, **params):
    with pytest.raises(InvalidInputError) as caught:
        train(table, **params)
    return str(caught.value)


@pytest.mark.parametrize(
    ("params", "plain"),
    [
        ({}, {}),
        ({"c": 0.1, "fit_intercept": False}, {"C": 0.1, "fit_intercept": False}),
        ({"penalty": "none"}, {"C": np.inf}),
        ({"balanced": True}, {"class_weight": "balanced"}),
        ({"class_weights": {"1": 5}}, {"class_weight": {0: 1, 1: 5}}),
    ],
)
def test_predictions_and_coefficients_are_scikit_learns(params, plain):
    result = train(**TIGHT, **params)
    wanted = LogisticRegression(tol=1e-10, max_iter=5000, **plain).fit(X, Y)
    found = result.read_table("data")
    assert np.allclose(found["predict_score"], wanted.predict_proba(X)[:, 1], atol=1e-5)
    assert np.allclose(result.summary["coefficients"], wanted.coef_, atol=1e-4)
    assert found["predict_result"] == [int(score >= 0.5) for score in found["predict_score"]]
    assert (found["id"], found["label"], set(found["split"])) == (TABLE["id"], Y.tolist(), {"train"})
    assert result.summary["converged"] is True


def test_weights_of_samples_count():
    weights = CHANCE.uniform(0, 3, size=ROWS)
    weighted = run_one(sample_weight, {**TABLE, "w": weights}, weight_column="w")
    found = train(weighted.output("data"), **TIGHT)
    wanted = LogisticRegression(tol=1e-10, max_iter=5000).fit(X, Y, weights)
    assert np.allclose(found.summary["coefficients"], wanted.coef_, atol=1e-4)
    assert found.summary["features"] == ["a", "b"]


def test_several_classes_with_whole_or_real_labels():
    labels = np.digitize(X[:, 0], [-0.5, 0.5])
    result = train({**TABLE, "y": labels}, **TIGHT, multi_class="ovr")
    assert result.summary["classes"] == [0, 1, 2]
    found = result.read_table("data")
    assert np.mean(np.array(found["predict_result"]) == labels) > 0.8
    assert set(train({**TABLE, "y": labels / 2}).read_table("data")["predict_result"]) <= {0.0, 0.5, 1.0}


def test_validation_samples_are_predicted_and_evaluated():
    later = {"id": ["q"] * 4, "y": [0, 1, 0, 1], "a": X[:4, 0], "b": X[:4, 1]}
    result = train(validate=later)
    assert result.read_table("data")["split"] == ["train"] * ROWS + ["validate"] * 4
    figures = simulate(evaluation, ONE, inputs={"guest": {"data": result.output("data")}})["guest"].metrics
    assert figures["train_auc"][0][1] > 0.8


def test_the_model_predicts_later_samples_in_both_ways():
    trained = train()
    later = {"id": ["q", "r"], "a": [0.5, -3.0], "b": [0.0, 1.0]}
    again = simulate(local_baseline, ONE, inputs={"guest": {"test": later, "model": trained.output("model")}})["guest"]
    other = simulate(predict, ONE, inputs={"guest": {"data": later, "model": trained.output("model")}})["guest"]
    found = again.read_table("data")
    assert found["predict_result"] == [1, 0]
    assert found["label"] == [None, None]
    assert found["split"] == ["test"] * 2
    assert {**found, "split": ["predict"] * 2} == other.read_table("data")
    assert read_model(again) == read_model(trained)


def test_a_party_left_out_has_nothing_also_when_its_model_is_used():
    inputs = {"guest": {"train": TABLE}, "host": {"train": {"id": ["x"]}}}
    run = simulate(local_baseline, TWO, params=lambda member: {"run": member.role == "guest"}, inputs=inputs)
    assert not run.messages
    assert set(run["host"].outputs) == {"model"}
    later = {
        "guest": {"test": TABLE, "model": run["guest"].output("model")},
        "host": {"model": run["host"].output("model")},
    }
    again = simulate(local_baseline, TWO, inputs=later)
    assert set(again["host"].outputs) == {"model"}
    assert again["guest"].read_table("data")["id"] == TABLE["id"]
    inputs = {"host": {"data": {"id": ["a"], "x": [1]}, "model": run["host"].output("model")}}
    with pytest.raises(InvalidInputError, match="party 10000 was left out where the model was trained"):
        simulate(predict, {"host": ["10000"]}, inputs=inputs)


@pytest.mark.parametrize(
    ("table", "texts"),
    [
        ({**TABLE, "y": [1] * ROWS}, ["all 50 training rows of party 9999 have the label 1", "`run: false`"]),
        ({"id": ["a"], "y": [1]}, ["training table of party 9999 has no features"]),
        (make_empty("a"), ["training table of party 9999 has no rows"]),
        ({"id": ["a"], "a": [1]}, ["party 9999 has no label column 'y'"]),
        ({**TABLE, "a": [None] * ROWS}, ["column 'a' of party 9999"]),
        ({**TABLE, "a": ["t"] * ROWS}, ["column 'a' of party 9999 is of type string"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(table, texts):
    text = refuse(table)
    assert all(each in text for each in texts), text


def test_no_weight_and_no_input_are_refused():
    assert "all training rows of party 9999 weigh 0" in refuse(TABLE, class_weights={"0": 0, "1": 0})
    with pytest.raises(InvalidInputError, match="has no samples at party 9999: connect the input `train`"):
        simulate(local_baseline, ONE)
    with pytest.raises(InvalidInputError, match="no samples to train with at party 9999"):
        simulate(local_baseline, ONE, inputs={"guest": {"test": TABLE}})
    with pytest.raises(InvalidInputError, match="at party 9999 the features differ: training had a, b"):
        train(validate={"id": ["q"], "b": [1.0]})
