import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score, roc_auc_score
from sklearn.model_selection import KFold

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.training_checks import (
    CHECK_PARAMS,
    Tracker,
    Verdict,
    get_pace,
    list_metrics,
    measure,
    plan_folds,
    report_folds,
)


def call(work, **params):
    found = []

    @component("calls", params=CHECK_PARAMS)
    def calls(context):
        """Call it."""
        found.append(work(context))

    run = simulate(calls, {"guest": ["9"]}, params=params)
    return found[0], run["guest"]


def test_metrics_are_those_of_the_kind_of_model():
    assert call(lambda c: list_metrics(c, classes=True))[0] == ("auc", "ks")
    assert call(lambda c: list_metrics(c, classes=False))[0] == ("rmse", "mae")
    assert call(lambda c: list_metrics(c, classes=True), metrics=["f1", "auc"])[0] == ("f1", "auc")
    with pytest.raises(InvalidInputError, match="`metrics` holds 'rmse', which step .* cannot measure: use auc"):
        call(lambda c: list_metrics(c, classes=True), metrics=["rmse"])
    with pytest.raises(InvalidInputError, match="`cv_folds` is 1, which leaves nothing to train with"):
        call(lambda c: list_metrics(c, classes=True), cv_folds=1)


def test_an_early_stop_measures_each_epoch_where_nothing_else_is_said():
    assert get_pace({"validate_every": 0, "early_stopping_rounds": 0}) == 0
    assert get_pace({"validate_every": 0, "early_stopping_rounds": 3}) == 1
    assert get_pace({"validate_every": 5, "early_stopping_rounds": 3}) == 5


def test_figures_are_scikit_learns():
    chance = np.random.default_rng(0)
    labels, scores = chance.integers(0, 2, 50).astype(float), chance.uniform(size=50)
    found = measure(["f1", "auc", "accuracy"], labels, scores, threshold=0.4)
    assert list(found) == ["f1", "auc", "accuracy"]
    assert found["auc"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["f1"] == pytest.approx(f1_score(labels, scores >= 0.4))
    assert found["accuracy"] == pytest.approx(accuracy_score(labels, scores >= 0.4))
    found = measure(["mae", "r2"], labels, scores, threshold=0.5)
    assert found == {
        "mae": pytest.approx(mean_absolute_error(labels, scores)), "r2": pytest.approx(r2_score(labels, scores)),
    }  # fmt: skip
    assert measure(["auc", "ks"], np.ones(3), np.ones(3), threshold=0.5) == {}
    assert measure(["auc", "rmse"], np.zeros(0), np.zeros(0), threshold=0.5) == {}


def test_a_tracker_stops_once_a_metric_has_been_stale_for_long():
    tracker = Tracker(metrics=("auc", "ks"), patience=2, first_only=False)
    assert tracker.hear({"auc": 0.6, "ks": 0.9}) == Verdict(is_best=True)
    assert tracker.hear({"auc": 0.7, "ks": 0.9}) == Verdict(is_best=True)
    assert tracker.hear({"auc": 0.8, "ks": 0.8}) == Verdict(is_best=True, stop=True)
    first = Tracker(metrics=("auc", "ks"), patience=2, first_only=True)
    assert [first.hear({"auc": auc, "ks": 0.1}).stop for auc in (0.6, 0.7, 0.8, 0.8, 0.7)] == [False] * 4 + [True]
    errors = Tracker(metrics=("rmse",), patience=1, first_only=False)
    assert [errors.hear({"rmse": error}) for error in (3.0, 2.0, 2.0)] == [
        Verdict(is_best=True), Verdict(is_best=True), Verdict(stop=True),
    ]  # fmt: skip
    assert errors.hear({}) == Verdict(stop=True)
    assert Tracker(metrics=("auc",), patience=1, first_only=False).hear({}) == Verdict()


@given(st.integers(2, 40), st.integers(2, 8), st.booleans(), st.integers(0, 99))
def test_folds_hold_every_row_once_and_are_the_same_everywhere(rows, count, shuffle, seed):
    if rows < count:
        with pytest.raises(InvalidInputError, match=f"party 9 has {rows} rows, too few for {count} folds"):
            call(lambda c: plan_folds(c, rows), cv_folds=count)
        return
    params = {"cv_folds": count, "cv_shuffle": shuffle, "cv_seed": seed}
    folds, _ = call(lambda c: plan_folds(c, rows), **params)
    assert folds == call(lambda c: plan_folds(c, rows), **params)[0]
    assert sorted(row for fold in folds for row in fold.held) == list(range(rows))
    assert all(sorted(fold.held + fold.train) == list(range(rows)) for fold in folds)
    assert max(len(fold.held) for fold in folds) - min(len(fold.held) for fold in folds) <= 1
    if not shuffle:
        assert [fold.held for fold in folds] == [held.tolist() for _, held in KFold(count).split(np.zeros(rows))]


def test_each_fold_is_a_row_of_metrics_and_the_summary_has_means_and_deviations():
    rows = [{"train": {"auc": 0.8}, "validate": {"auc": 0.6}}, {"train": {"auc": 0.9}, "validate": {}}]
    _, result = call(lambda c: report_folds(c, rows))
    assert result.metrics == {"train_auc": [(1, 0.8), (2, 0.9)], "validate_auc": [(1, 0.6)]}
    cv = result.summary["cv"]
    assert cv["folds"][1] == {"fold": 2, "train": {"auc": 0.9}, "validate": {}}
    assert cv["mean"] == {"train": {"auc": pytest.approx(0.85)}, "validate": {"auc": 0.6}}
    assert cv["std"]["train"]["auc"] == pytest.approx(0.05)
