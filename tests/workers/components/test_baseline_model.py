import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from workers.components.baseline_model import Baseline, Fitting, fit_baseline


def make_samples(seed, classes, rows=60, width=3):
    chance = np.random.default_rng(seed)
    samples = chance.normal(size=(rows, width)) * [1, 2, 0.5] + [0, 1, -3]
    labels = np.argmax(samples @ chance.normal(size=(width, classes)) + chance.normal(size=(rows, classes)), axis=1)
    labels[:classes] = np.arange(classes)
    return samples, labels.astype(float), chance.uniform(0.1, 2, size=rows)


def fit(samples, labels, weights, *, c=1.0, one_vs_rest=False, intercept=True, tol=1e-8):
    fitting = Fitting(
        penalty=1 / (c * weights.sum()), fit_intercept=intercept, one_vs_rest=one_vs_rest, max_steps=2000, tol=tol
    )
    return fit_baseline(samples, labels, weights, fitting=fitting, features=("a", "b", "c"), threshold=0.5)


@given(st.integers(0, 1000), st.integers(2, 4), st.sampled_from([0.1, 1.0, 10.0]), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=20)
def test_chances_are_scikit_learns(seed, classes, c, intercept, weighted):
    samples, labels, weights = make_samples(seed, classes)
    weights = weights if weighted else np.ones(len(labels))
    plain = LogisticRegression(C=c, tol=1e-8, max_iter=5000, fit_intercept=intercept).fit(samples, labels, weights)
    found = fit(samples, labels, weights, c=c, intercept=intercept)
    assert found.converged
    assert np.allclose(found.score(samples), plain.predict_proba(samples), atol=1e-4)
    assert np.allclose(found.coefficients, plain.coef_, atol=1e-3)
    assert (found.intercepts == 0).all() or intercept
    assert (found.decide(found.score(samples))[1] == plain.predict(samples)).mean() > 0.97


def test_each_class_against_the_rest_is_scikit_learns():
    samples, labels, weights = make_samples(3, 3)
    weights = np.ones(len(weights))
    plain = OneVsRestClassifier(LogisticRegression(tol=1e-8, max_iter=5000)).fit(samples, labels)
    found = fit(samples, labels, weights, one_vs_rest=True)
    assert np.allclose(found.score(samples), plain.predict_proba(samples), atol=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_model_survives_its_file(classes):
    samples, labels, weights = make_samples(1, classes)
    found = fit(samples, labels, weights)
    again = Baseline.parse(found.to_json())
    assert np.array_equal(again.score(samples), found.score(samples))
    assert again.to_json() == found.to_json()


def test_two_classes_are_parted_at_the_threshold_and_more_by_the_likeliest():
    samples, labels, weights = make_samples(1, 2)
    found = fit(samples, labels * 3 - 1, weights)
    scores, results = found.decide(np.array([[0.51, 0.49], [0.5, 0.5]]))
    assert scores.tolist() == [0.49, 0.5]
    assert results.tolist() == [-1.0, 2.0]
    several = fit(*make_samples(1, 3))
    assert [each.tolist() for each in several.decide(np.array([[0.2, 0.5, 0.3]]))] == [[0.5], [1.0]]


def test_far_scores_do_not_overflow():
    samples = np.array([[-1e6, 0, 0], [1e6, 0, 0], [1e5, 0, 1], [-1e5, 1, 0]])
    with np.errstate(over="raise", invalid="raise"):
        chances = fit(samples, np.array([0.0, 1, 1, 0]), np.ones(4)).score(samples)
    assert np.isfinite(chances).all()
