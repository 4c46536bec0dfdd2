import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics

from workers.components.scores import (
    area,
    count_confusion,
    draw_curves,
    rank,
    score_classes,
    score_confusion,
    score_regression,
    separation,
)

pairs = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])), min_size=2)


@given(pairs)
@settings(deadline=None)
def test_area_is_scikit_learns_also_with_ties(samples):
    labels, scores = (np.array(each, dtype=float) for each in zip(*samples, strict=True))
    assume(0 < labels.sum() < len(labels))
    assert area(rank(labels, scores)) == pytest.approx(metrics.roc_auc_score(labels, scores))


@given(pairs)
@settings(deadline=None)
def test_separation_is_the_largest_gap_of_the_roc_curve(samples):
    labels, scores = (np.array(each, dtype=float) for each in zip(*samples, strict=True))
    assume(0 < labels.sum() < len(labels))
    fall_out, recall, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert separation(rank(labels, scores)) == pytest.approx((recall - fall_out).max())


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1))
@settings(deadline=None)
def test_ratios_are_scikit_learns(samples):
    labels, predicted = (np.array(each, dtype=float) for each in zip(*samples, strict=True))
    counts = count_confusion(labels, predicted)
    found = score_confusion(counts)
    tn, fp, fn, tp = metrics.confusion_matrix(labels, predicted, labels=[0, 1]).ravel()
    assert counts == {"tp": tp, "fp": fp, "tn": tn, "fn": fn}
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    for name in ("precision", "recall", "f1"):
        wanted = getattr(metrics, f"{name}_score")(labels, predicted, zero_division=0)
        assert found[name] == pytest.approx(wanted)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
@settings(deadline=None)
def test_means_over_classes_are_scikit_learns(samples):
    labels, predicted = (np.array(each, dtype=float) for each in zip(*samples, strict=True))
    found = score_classes(labels, predicted)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    for name in ("precision", "recall", "f1"):
        wanted = getattr(metrics, f"{name}_score")(labels, predicted, average="macro", zero_division=0)
        assert found[name] == pytest.approx(wanted)


def test_regression_figures_are_scikit_learns():
    rng = np.random.default_rng(1)
    labels, predicted = rng.normal(size=50), rng.normal(size=50)
    found = score_regression(labels, predicted)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(labels, predicted))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(labels, predicted))
    assert found["r2"] == pytest.approx(metrics.r2_score(labels, predicted))
    for label in (1.0, 0.1):
        assert "r2" not in score_regression(np.full(3, label), np.full(3, 0.2))
    assert score_regression(np.array([0.1, 0.2]), np.array([0.1, 0.2]))["r2"] == 1
    assert "r2" not in score_regression(np.array([0.0, 1e-200]), np.zeros(2))


def test_curves_are_capped_and_keep_both_ends():
    rng = np.random.default_rng(1)
    labels, scores = (rng.random(5000) > 0.5).astype(float), rng.random(5000)
    curves = draw_curves(rank(labels, scores), points=200)
    assert {len(values) for values in curves["roc"].values()} == {200}
    assert (curves["roc"]["fpr"][0], curves["roc"]["tpr"][0]) == (0, 0)
    assert (curves["roc"]["fpr"][-1], curves["roc"]["tpr"][-1]) == (1, 1)
    assert curves["precision_recall"]["precision"][0] == 1
    assert curves["gain"]["gain"][-1] == curves["gain"]["lift"][-1] == 1
    assert np.trapezoid(curves["roc"]["tpr"], curves["roc"]["fpr"]) == pytest.approx(
        area(rank(labels, scores)), abs=0.01
    )


def test_short_curves_are_whole():
    curves = draw_curves(rank(np.array([1.0, 0.0]), np.array([0.9, 0.1])), points=200)
    assert curves["roc"]["tpr"] == [0, 1, 1]
    assert curves["roc"]["threshold"][1:] == [0.9, 0.1]


def test_each_point_of_the_curves_is_right_also_with_ties():
    labels, scores = np.array([1.0, 0.0, 1.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.7, 0.1])
    curves = draw_curves(rank(labels, scores), points=200)
    third = 0.333333
    assert curves["roc"] == {
        "fpr": [0, 0, 0.5, 0.5, 1],
        "tpr": [0, third, third, 1, 1],
        "threshold": [0.9, 0.9, 0.8, 0.7, 0.1],
    }
    assert curves["precision_recall"] == {"recall": curves["roc"]["tpr"], "precision": [1, 1, 0.5, 0.75, 0.6]}
    assert curves["gain"] == {
        "share": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
        "gain": [0.166667, third, third, third, 0.5, 0.666667, 0.833333, 1, 1, 1],
        "lift": [1.666667, 1.666667, 1.111111, 0.833333, 1, 1.111111, 1.190476, 1.25, 1.111111, 1],
    }
