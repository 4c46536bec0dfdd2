import numpy as np
import pytest

from workers.components.tree_criterion import Criterion

PLAIN = Criterion(l1=0.0, l2=1.0, min_gain=0.0, min_child_weight=0.0)
LEFT = np.array([[-2.0, 1.0], [-3.0, 2.0], [3.0, 2.0]])
ALL = np.ones(3, dtype=bool)


def test_a_leaf_weighs_what_minimises_its_loss():
    assert PLAIN.weigh(-6.0, 2.0) == 2.0
    assert Criterion(l1=2.0, l2=1.0, min_gain=0, min_child_weight=0).weigh(-6.0, 3.0) == 1.0
    assert Criterion(l1=7.0, l2=1.0, min_gain=0, min_child_weight=0).weigh(-6.0, 3.0) == 0.0
    assert Criterion(l1=0.0, l2=0.0, min_gain=0, min_child_weight=0).weigh(1.0, 0.0) == 0.0


def test_all_candidates_with_the_best_gain_are_found_with_their_sums():
    best = PLAIN.find_best(LEFT, (0.0, 4.0), ALL)
    assert best.gain == pytest.approx(6.0)
    assert best.candidates.tolist() == [1, 2]
    assert best.left.tolist() == [[-3.0, 2.0], [3.0, 2.0]]


@pytest.mark.parametrize(
    ("criterion", "allowed", "wanted"),
    [
        (PLAIN, [True, False, False], [0]),
        (PLAIN, [False, False, False], None),
        (Criterion(l1=0.0, l2=1.0, min_gain=6.0, min_child_weight=0.0), [True] * 3, None),
        (Criterion(l1=0.0, l2=1.0, min_gain=0.0, min_child_weight=2.5), [True] * 3, None),
    ],
)
def test_what_is_not_allowed_or_gains_too_little_is_left(criterion, allowed, wanted):
    best = criterion.find_best(LEFT, (0.0, 4.0), np.array(allowed))
    assert (best and best.candidates.tolist()) == wanted


@pytest.mark.parametrize("weight", [0.0, 2.0])
@pytest.mark.parametrize(("total", "gain"), [((-3.0, 5.0), 3 + 9 - 1.5), ((-3.0, 4.0), 3 + 12 - 1.8)])
def test_the_gain_is_what_both_sides_score_beyond_the_node(weight, total, gain):
    criterion = Criterion(l1=0.0, l2=1.0, min_gain=0.0, min_child_weight=weight)
    assert criterion.find_best(np.array([[3.0, 2.0]]), total, np.array([True])).gain == pytest.approx(gain)


def test_a_side_without_any_sums_gains_nothing():
    criterion = Criterion(l1=0.0, l2=0.0, min_gain=0.0, min_child_weight=0.0)
    assert criterion.find_best(np.array([[0.0, 0.0]]), (3.0, 2.0), np.array([True])) is None


def test_no_candidates_are_no_split():
    assert PLAIN.find_best(np.empty((0, 2)), (1.0, 1.0), np.empty(0, dtype=bool)) is None
