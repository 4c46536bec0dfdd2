import numpy as np
import pytest

from tests.workers.components.growing import grow_together
from workers.components.tree_guest import Gradients

GRADIENT = np.random.default_rng(2).normal(size=30)


def list_families(**params):
    """The nodes asked for, level by level."""

    def play(guest, _link):
        gradients = Gradients(gradient=GRADIENT, hessian=np.ones(30), active=np.ones(30, dtype=bool))
        guest.grow(gradients, number=0, round=1, report=lambda _share: None)

    run, _ = grow_together(play, **params)
    return run, [m.value["families"] for m in run.messages if m.name == "order" and m.value["do"] == "sum"]


def test_hosts_sum_the_smaller_of_two_siblings_only():
    run, families = list_families(max_depth=3)
    assert families[0] == [[0, None]]
    positions = [m.value for m in run.messages if m.name == "positions"]
    for level, where in zip(families[1:], positions[1:], strict=True):
        for node, sibling in level:
            if sibling is not None:
                assert (where == node).sum() <= (where == sibling).sum()
    assert any(sibling is not None for level in families for _, sibling in level)


@pytest.mark.parametrize("params", [{"min_sample_split": 31}, {"min_leaf_node": 16}])
def test_nodes_too_small_to_split_are_not_asked_for(params):
    assert list_families(**params)[1] == []


def test_no_more_nodes_than_allowed_travel_at_a_time():
    _, families = list_families(max_depth=5, max_split_nodes=2)
    assert max(len(level) for level in families) == 1
    assert len(families) > 4
