import numpy as np
import pytest

from workers.components.glm_optimizers import CHOICES, STARTS, AdaGrad, Nesterov


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_each_finds_the_bottom_of_a_bowl(name):
    optimizer, place = CHOICES[name](0.05), np.array([1.0, -2.0])
    for _step in range(1500):
        place = place + optimizer.change(place)
    assert np.abs(place).max() < 0.05


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_each_weight_moves_by_its_own_gradient_only(name):
    together, alone = CHOICES[name](0.1), CHOICES[name](0.1)
    for gradient in ([1.0, 5.0], [-2.0, 0.5], [0.3, -3.0]):
        both = together.change(np.array(gradient))
        assert both[0] == pytest.approx(alone.change(np.array(gradient[:1]))[0])


def test_adagrad_slows_down_and_nesterov_speeds_up():
    slow, fast = AdaGrad(0.1), Nesterov(0.1)
    steps = [(slow.change(np.ones(1))[0], fast.change(np.ones(1))[0]) for _ in range(3)]
    assert abs(steps[2][0]) < abs(steps[0][0])
    assert abs(steps[2][1]) > abs(steps[0][1])


def test_starts_have_the_right_length_and_repeat_by_seed():
    for name, start in STARTS.items():
        first, second = (start(np.random.default_rng(3), 4) for _ in range(2))
        assert len(first) == 4
        assert (first == second).all()
        assert (first == 0).all() == (name == "zeros")
