import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score, roc_auc_score

from workers.components.metrics import CLASS_METRICS, LOW_IS_GOOD, REAL_METRICS, measure


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


def test_only_errors_and_losses_are_better_when_low():
    assert set(LOW_IS_GOOD) == {"rmse", "mae", "loss"}
    assert not set(LOW_IS_GOOD) & set(CLASS_METRICS)
    assert set(REAL_METRICS) - set(LOW_IS_GOOD) == {"r2"}
