import numpy as np
import pytest

from workers.components.boosting_objective import REGRESSIONS, make_objective

STEP = 1e-5
LABELS = np.array([0.5, 3.0, 7.0, 2.0])
SCORES = np.array([[1.0], [-0.3], [1.9], [0.2]])


def assert_slopes(objective, labels, scores, *, second=True):
    """Gradients and hessians are the loss's first and second derivatives by each output."""
    gradients, hessians = objective.slopes(labels, scores)
    for output in range(scores.shape[1]):
        more, less = scores.copy(), scores.copy()
        more[:, output] += STEP
        less[:, output] -= STEP
        first = (objective.loss(labels, more) - objective.loss(labels, less)) / (2 * STEP)
        assert np.allclose(gradients[:, output], first, atol=1e-5)
        bend = (objective.slopes(labels, more)[0] - objective.slopes(labels, less)[0])[:, output] / (2 * STEP)
        assert not second or np.allclose(hessians[:, output], bend, atol=1e-5)


@pytest.mark.parametrize("name", sorted(REGRESSIONS))
@pytest.mark.parametrize("parameter", [1.0, 1.5])
def test_slopes_of_reals_are_derivatives_of_the_loss(name, parameter):
    objective = make_objective(name, parameter=parameter, classes=0)
    # The absolute loss has no second derivative: 1 stands for it, as in FATE.
    assert_slopes(objective, LABELS, SCORES, second=name != "lae")
    assert not objective.classes


def test_slopes_of_two_and_more_classes_are_derivatives_of_the_loss():
    assert_slopes(make_objective("cross_entropy", parameter=1, classes=2), np.array([0.0, 1, 1, 0]), SCORES)
    scores = np.random.default_rng(1).normal(size=(4, 3))
    multi = make_objective("cross_entropy", parameter=1, classes=3)
    assert_slopes(multi, np.array([0.0, 1, 2, 1]), scores)
    assert np.allclose(multi.mean(scores).sum(axis=1), 1)


def test_training_starts_where_labels_are_on_average():
    assert make_objective("cross_entropy", parameter=1, classes=2).start(0.7) == 0.0
    assert make_objective("lse", parameter=1, classes=0).start(4.0) == 4.0
    tweedie = make_objective("tweedie", parameter=1.5, classes=0)
    assert tweedie.mean(np.array([tweedie.start(4.0)]))[0] == pytest.approx(4.0)


@pytest.mark.parametrize("name", sorted(set(REGRESSIONS) - {"tweedie"}))
def test_a_score_is_the_prediction_and_the_right_one_loses_nothing(name):
    objective = make_objective(name, parameter=1.5, classes=0)
    assert (objective.mean(SCORES) == SCORES).all()
    assert objective.loss(SCORES[:, 0], SCORES) == pytest.approx(np.zeros(4))
    assert (objective.loss(LABELS, SCORES) > 0).all()


def test_far_scores_overflow_nothing():
    with np.errstate(all="raise", under="ignore"):
        for name in ("cross_entropy", "tweedie", "log_cosh"):
            objective = make_objective(name, parameter=1.5, classes=2)
            far = np.array([[-500.0], [500.0]])
            for found in (*objective.slopes(np.array([1.0, 0.0]), far), objective.loss(np.array([1.0, 0.0]), far)):
                assert np.isfinite(found).all()
