import numpy as np

from workers.components.boosting_sampling import sample

PARAMS = {"goss": True, "top_rate": 0.2, "other_rate": 0.1, "seed": 3}
GRADIENT = np.linspace(-1, 1, 100)


def test_large_gradients_stay_and_few_others_stand_for_the_rest():
    drawn = sample(GRADIENT, np.ones(100), PARAMS, number=0)
    assert drawn.active.sum() == 30
    largest = np.argsort(-np.abs(GRADIENT), kind="stable")[:20]
    assert drawn.active[largest].all()
    assert (drawn.hessian[largest] == 1).all()
    others = np.setdiff1d(np.flatnonzero(drawn.active), largest)
    assert np.allclose(drawn.hessian[others], 8.0)
    assert np.allclose(drawn.gradient[others], GRADIENT[others] * 8)


def test_each_tree_draws_anew_and_by_seed():
    first, second, again = (sample(GRADIENT, GRADIENT, PARAMS, number=number).active for number in (0, 1, 0))
    assert (first == again).all()
    assert (first != second).any()


def test_all_samples_count_without_sampling_or_where_there_are_few():
    assert sample(GRADIENT, GRADIENT, {**PARAMS, "goss": False}, number=0).active.all()
    assert sample(GRADIENT[:2], GRADIENT[:2], PARAMS, number=0).active.all()
