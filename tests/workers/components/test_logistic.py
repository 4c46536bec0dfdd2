import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from workers.components.logistic import OPTIMIZERS, LocalTraining, mean_gradient, mean_loss, predict


@pytest.fixture
def samples():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(200, 4))
    labels = (features @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=200) > 0).astype(float)
    return features, labels


def train(samples, rounds: int, **changes):
    settings_ = {"epochs": 1, "batch_size": 0, "l2": 0.01, "optimizer": OPTIMIZERS["sgd"](0.5)} | changes
    local = LocalTraining(**settings_, shuffle=np.random.default_rng(0))
    weights = np.zeros(5)
    for _round in range(rounds):
        weights = local.improve(weights, *samples)
    return weights


def test_loss_is_the_usual_one_plus_penalty(samples):
    weights = np.array([0.3, -0.2, 0.1, 0.0, 0.4])
    wanted = log_loss(samples[1], predict(weights, samples[0])) + 0.05 * (weights[:-1] ** 2).sum()
    assert mean_loss(weights, *samples, l2=0.1) == pytest.approx(wanted)


def test_the_gradient_is_the_slope_of_the_loss(samples):
    weights = np.array([0.3, -0.2, 0.1, 0.0, 0.4])
    found = mean_gradient(weights, *samples, l2=0.1)
    for place in range(5):
        step = np.zeros(5)
        step[place] = 1e-6
        slope = (mean_loss(weights + step, *samples, l2=0.1) - mean_loss(weights - step, *samples, l2=0.1)) / 2e-6
        assert found[place] == pytest.approx(slope, abs=1e-8)


def test_it_converges_to_scikit_learns_solution(samples):
    wanted = LogisticRegression(C=1 / (0.01 * 200), tol=1e-10, max_iter=10_000).fit(*samples)
    found = train(samples, 2000)
    assert np.allclose(found[:-1], wanted.coef_[0], atol=1e-4)
    assert found[-1] == pytest.approx(wanted.intercept_[0], abs=1e-4)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("batch_size", [0, 32, 1000])
def test_every_optimizer_lowers_the_loss(samples, name, batch_size):
    found = train(samples, 40, optimizer=OPTIMIZERS[name](0.05), batch_size=batch_size)
    assert mean_loss(found, *samples, l2=0.01) < 0.8 * mean_loss(np.zeros(5), *samples, l2=0.01)


def test_epochs_are_so_many_passes(samples):
    assert np.allclose(train(samples, 2, epochs=3), train(samples, 6))


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=5))
@settings(deadline=None)
def test_scores_of_any_size_give_probabilities_without_overflow(values):
    with np.errstate(over="raise", invalid="raise"):
        found = predict(np.array([1.0, 0.0]), np.array(values)[:, None])
    assert ((found >= 0) & (found <= 1)).all()


def test_weighted_samples_count_as_often_as_they_weigh(samples):
    features, labels = samples
    times = np.random.default_rng(1).integers(0, 3, len(labels))
    repeated = np.repeat(features, times, axis=0), np.repeat(labels, times)
    weights, counts = np.array([0.3, -0.2, 0.1, 0.0, 0.4]), times / times.mean()
    for measure in (mean_loss, mean_gradient):
        found = measure(weights, features, labels, l2=0.1, sample_weights=counts)
        assert np.allclose(found, measure(weights, *repeated, l2=0.1))
