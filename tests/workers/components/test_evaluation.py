import numpy as np
import pytest
from sklearn import metrics

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from workers.components.evaluation import DISCLOSURE, evaluation

ONE = {"guest": ["9999"]}


def evaluate(columns, **params):
    return simulate(evaluation, ONE, params=params, inputs={"guest": {"data": columns}})["guest"]


def make_predictions(rows: int = 300, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) > 0.4).astype(int)
    scores = np.clip(0.5 * labels + rng.random(rows) * 0.7, 0, 1).round(2)
    return {"label": labels, "predict_score": scores, "predict_result": (scores >= 0.5).astype(int)}


def test_binary_figures_are_scikit_learns():
    columns = make_predictions()
    result = evaluate(columns)
    labels, scores, predicted = columns.values()
    fall_out, recall, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    wanted = {
        "auc": metrics.roc_auc_score(labels, scores),
        "ks": (recall - fall_out).max(),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "precision": metrics.precision_score(labels, predicted),
        "recall": metrics.recall_score(labels, predicted),
        "f1": metrics.f1_score(labels, predicted),
    }
    assert {name: points[0][1] for name, points in result.metrics.items()} == pytest.approx(wanted)
    assert result.summary["all"]["auc"] == pytest.approx(wanted["auc"])
    assert result.summary["all"]["rows"] == 300
    tn, fp, fn, tp = metrics.confusion_matrix(labels, predicted).ravel()
    assert result.summary["all"]["confusion"] == {"tp": tp, "fp": fp, "tn": tn, "fn": fn}


def test_curves_are_capped_and_can_be_left_out():
    columns = make_predictions(rows=3000)
    columns["predict_score"] = np.random.default_rng(1).random(3000)
    assert len(evaluate(columns).summary["all"]["roc"]["fpr"]) == 200
    assert len(evaluate(columns, curve_points=20).summary["all"]["roc"]["fpr"]) == 20
    assert set(evaluate(columns, curves=False).summary["all"]) & {"roc", "precision_recall", "gain"} == set()


def test_the_threshold_decides_what_counts_as_one():
    columns = {"label": [0, 1, 1], "predict_score": [0.3, 0.5, 0.9], "predict_result": [0, 1, 1]}
    assert evaluate(columns, threshold=0.8).summary["all"]["confusion"] == {"tp": 1, "fp": 0, "tn": 1, "fn": 1}


def test_each_split_is_measured_by_itself():
    columns = make_predictions(100)
    columns["split"] = ["train"] * 60 + ["validate"] * 40
    result = evaluate(columns)
    assert {"train_auc", "validate_auc"} < set(result.metrics)
    assert (result.summary["train"]["rows"], result.summary["validate"]["rows"]) == (60, 40)


def test_a_party_without_predictions_or_labels_passes_with_a_line():
    run = simulate(evaluation, {"guest": ["9999"], "arbiter": ["1"]}, inputs={"guest": {"data": make_predictions()}})
    assert run["arbiter"].log == ["no predictions at this party: nothing to evaluate"]
    assert run["arbiter"].metrics == {}
    columns = {"label": [None, None], "predict_score": [0.1, 0.2], "predict_result": [0, 0], "split": ["a", "a"]}
    assert evaluate(columns).log == ["split 'a': no labels at this party: nothing to evaluate"]


def test_rows_without_a_label_are_left_out():
    columns = {"label": [1, None, 0], "predict_score": [0.9, 0.1, 0.2], "predict_result": [1, 0, 0]}
    assert evaluate(columns).summary["all"]["rows"] == 2


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_ratios_but_no_auc(label):
    result = evaluate({"label": [label] * 2, "predict_score": [0.1, 0.9], "predict_result": [0, 1]})
    assert "auc" not in result.metrics
    assert result.metrics["accuracy"] == [(None, 0.5)]
    assert f"all labels are {label}: AUC, KS and curves need both" in result.log


def test_classes_and_real_numbers_are_measured_too():
    classes = {"label": [0, 1, 2, 2], "predict_score": [0, 0, 0, 0], "predict_result": [0, 1, 2, 1]}
    assert evaluate(classes, eval_type="multi").summary["all"]["accuracy"] == 0.75
    names = {**classes, "label": ["a", "b", "c", "c"], "predict_result": ["a", "b", "c", "b"]}
    guessed = {"label": [0, 0, 1], "predict_score": [0, 0, 0], "predict_result": [1, 1, 1]}
    found = evaluate(guessed, eval_type="multi").summary["all"]
    assert (found["precision"], found["recall"]) == pytest.approx((1 / 6, 1 / 2))
    assert evaluate(names, eval_type="multi").summary == evaluate(classes, eval_type="multi").summary
    unlabelled = {"label": ["a", None], "predict_score": [0, 0], "predict_result": ["b", "b"]}
    assert evaluate(unlabelled, eval_type="multi").summary["all"]["rows"] == 1
    real = {"label": [1.0, 2.0, 4.0], "predict_score": [1.0, 2.0, 3.0], "predict_result": [0, 0, 0]}
    found = evaluate(real, eval_type="regression").summary["all"]
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(real["label"], real["predict_score"]))
    assert found["r2"] == pytest.approx(metrics.r2_score(real["label"], real["predict_score"]))
    assert set(found) == {"rows", "rmse", "mae", "r2"}


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"label": [1]}, "input of party 9999 has no column predict_score, predict_result; it has label"),
        (
            {"label": ["no", "yes"], "predict_score": [0, 1], "predict_result": ["no", "no"]},
            "column 'label' of party 9999 holds text such as 'no' .2 of 2 rows.: set `eval_type: multi`",
        ),
        ({"label": [0, 3], "predict_score": [0, 1], "predict_result": [0, 1]}, "not all 0 or 1 .there is 3.: set"),
        (
            {"label": [0, 1], "predict_score": [0.5, None], "predict_result": [0, 1]},
            "column 'predict_score' of party 9999 has 1 missing or infinite values",
        ),
        (
            {"label": [0, 1], "predict_score": [0.5, float("inf")], "predict_result": [0, 1]},
            "column 'predict_score' of party 9999 holds infinite values .1 of 2 rows.: connect the predictions of a training",
        ),
    ],
)
def test_what_cannot_be_measured_is_named(columns, text):
    with pytest.raises(InvalidInputError, match=text):
        evaluate(columns)


def test_a_missing_score_is_named_for_real_numbers_too():
    with pytest.raises(InvalidInputError, match="has 1 missing or infinite values"):
        evaluate({"label": [0.5, 1.5], "predict_score": [0.5, None], "predict_result": [0, 0]}, eval_type="regression")


def test_the_page_says_that_curves_show_single_scores():
    found = evaluate({"label": [0, 1], "predict_score": [0.123456, 0.9], "predict_result": [0, 1]}).summary["all"]
    assert found["roc"]["threshold"][1:] == [0.9, 0.123456]
    (said,) = [learns for who, learns, _ in DISCLOSURE if who == "the centre"]
    assert "thresholds are scores of single samples" in said
