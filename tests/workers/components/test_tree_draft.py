import numpy as np

from workers.components.tree_criterion import Criterion
from workers.components.tree_draft import TreeDraft
from workers.components.tree_model import Leaf, Split

CRITERION = Criterion(l1=0.0, l2=0.0, min_gain=0.0, min_child_weight=0.0)


def test_splits_move_samples_and_share_out_sums():
    draft = TreeDraft.make(4, 3, total=(6.0, 4.0), count=4.0)
    pair = draft.split(
        0, Split(left=1, right=2, owner="g", gain=1.0), np.array([1, 0, 1, 1], bool), np.array([0, 1, 1], bool)
    )
    draft.add_children(0, np.array([5.0, 3.0]), 3.0)
    assert (pair.parent, pair.nodes) == (0, (1, 2))
    assert draft.positions.tolist() == [1, 2, 1, 1]
    assert draft.validate_positions.tolist() == [2, 1, 1]
    assert draft.totals == [(6.0, 4.0), (5.0, 3.0), (1.0, 1.0)]
    assert draft.counts == [4.0, 3.0, 1.0]
    again = draft.split(1, Split(left=3, right=4, owner="g", gain=1.0), np.array([0, 1, 1], bool), np.ones(3, bool))
    draft.add_children(1, np.array([1.0, 2.0]), 2.0)
    assert again.nodes == (3, 4)
    assert draft.positions.tolist() == [4, 2, 3, 3]
    assert draft.validate_positions.tolist() == [2, 3, 3]
    draft.finish(CRITERION, draft.totals)
    assert [node.weight for node in draft.nodes if isinstance(node, Leaf)] == [-1.0, -0.5, -4.0]
    mine, outside = draft.list_weights()
    assert mine.tolist() == [-4.0, -1.0, -0.5, -0.5]
    assert outside.tolist() == [-1.0, -0.5, -0.5]


def test_a_tree_may_be_a_single_leaf():
    draft = TreeDraft.make(2, 0, total=(2.0, 1.0), count=2.0)
    draft.finish(CRITERION, draft.totals)
    assert draft.list_weights()[0].tolist() == [-2.0, -2.0]
