import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.check_params import CHECK_PARAMS
from workers.components.folds import plan_folds, report_folds


def call(work, **params):
    found = []

    @component("calls", params=CHECK_PARAMS)
    def calls(context):
        """Call it."""
        found.append(work(context))

    run = simulate(calls, {"guest": ["9"]}, params=params)
    return found[0], run["guest"]


@given(st.integers(2, 40), st.integers(2, 8), st.booleans(), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
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
