import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.components.minimizer import minimize


@given(st.integers(1, 8), st.integers(0, 1000))
@settings(deadline=None, max_examples=40)
def test_the_minimum_of_a_quadratic_is_where_its_gradient_vanishes(size, seed):
    chance = np.random.default_rng(seed)
    root = chance.normal(size=(size, size))
    matrix, target = root @ root.T + np.eye(size), chance.normal(size=size)

    def evaluate(point):
        return float(0.5 * point @ matrix @ point - target @ point), matrix @ point - target

    found = minimize(evaluate, np.zeros(size), max_steps=500, tol=1e-8)
    assert found.converged
    assert np.allclose(found.point, np.linalg.solve(matrix, target), atol=1e-6)


def test_it_finds_what_scipy_finds_in_a_narrow_valley():
    def evaluate(point):
        return float(scipy.optimize.rosen(point)), scipy.optimize.rosen_der(point)

    found = minimize(evaluate, np.array([-1.2, 1.0]), max_steps=500, tol=1e-8)
    assert found.converged
    assert np.allclose(found.point, 1.0, atol=1e-6)


def test_too_few_steps_are_told():
    found = minimize(lambda point: (float(point @ point), 2 * point), np.full(3, 9.0), max_steps=1, tol=1e-9)
    assert (found.steps, found.converged) == (1, False)


@pytest.mark.parametrize("size", [0, 2])
def test_a_start_at_the_minimum_is_the_end(size):
    found = minimize(lambda point: (0.0, np.zeros_like(point)), np.zeros(size), max_steps=5, tol=1e-9)
    assert (found.steps, found.converged) == (0, True)


def test_a_function_that_falls_nowhere_ends_the_search():
    found = minimize(lambda point: (-float(point.sum()), np.ones_like(point)), np.zeros(2), max_steps=50, tol=1e-9)
    assert not found.converged
    assert found.steps == 0
