import numpy as np
import pytest

from workers.components.tree_grid import Rule
from workers.components.tree_model import (
    Leaf,
    Split,
    count_leaves,
    list_splits,
    measure_importance,
    parse_rule,
    parse_tree,
    predict_tree,
    render_rule,
    render_tree,
)

RULE = Rule(feature="x", cut=1.5, missing_left=True)
TREE = [
    Split(left=1, right=2, owner="host.0", gain=2.0, record="ab"),
    Leaf(weight=-1.0),
    Split(left=3, right=4, owner="guest.0", gain=0.5, rule=RULE),
    Leaf(weight=2.0),
    Leaf(weight=3.0),
]


def test_samples_find_their_leaves():
    ways = {"ab": np.array([True, False, False, True]), "": np.array([True, True, False, False])}
    assert predict_tree(TREE, lambda split: ways[split.record], rows=4).tolist() == [-1.0, 2.0, 3.0, -1.0]
    assert predict_tree([Leaf(weight=7.0)], lambda _split: np.empty(0), rows=2).tolist() == [7.0, 7.0]


def test_trees_travel_through_their_file():
    assert parse_tree(render_tree(TREE)) == TREE
    assert parse_rule(render_rule(Rule(feature="x", cut=None, missing_left=False))).cut is None


def test_a_host_record_holds_no_rule():
    assert "rule" not in render_tree(TREE)[0]


@pytest.mark.parametrize("children", [(0, 1), (1, 5), (1, 0), (-1, 2)])
def test_children_must_stand_after_their_parents(children):
    sent = render_tree(TREE)
    sent[0] |= {"left": children[0], "right": children[1]}
    with pytest.raises(ValueError, match="node 0 has children"):
        parse_tree(sent)


def test_importance_counts_splits_or_adds_up_gains():
    assert measure_importance([TREE, TREE[:1]], "split") == {"host.0": 2, "x": 1}
    assert measure_importance([TREE], "gain") == {"host.0": 2.0, "x": 0.5}
    assert (count_leaves([TREE]), len(list_splits([TREE]))) == (3, 2)
