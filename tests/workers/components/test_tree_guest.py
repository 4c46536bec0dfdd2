import numpy as np
import pytest

from tests.workers.components.boosting import DEFAULTS, assert_same, grow_plainly
from tests.workers.components.growing import FEATURES, OUTSIDE, grow_together
from workers.components.tree_guest import Gradients
from workers.components.tree_model import Leaf, Split

GRADIENT, HESSIAN = np.random.default_rng(2).normal(size=30), np.random.default_rng(3).random(30) + 0.1
ALL = np.ones(30, dtype=bool)


def nest(nodes, records, place=0):
    node = nodes[place]
    if isinstance(node, Leaf):
        return {"weight": node.weight}
    rule = node.rule or records[node.record]
    children = {"left": nest(nodes, records, node.left), "right": nest(nodes, records, node.right)}
    return {"rule": {"feature": rule.feature, "cut": rule.cut}, "gain": node.gain, **children}


@pytest.mark.parametrize("params", [{}, {"max_depth": 5}, {"max_depth": 5, "max_split_nodes": 2}])
def test_a_tree_is_that_of_both_parties_columns_together(params):
    drafts = []

    def play(guest, _link):
        gradients = Gradients(gradient=GRADIENT, hessian=HESSIAN, active=ALL)
        drafts.append(guest.grow(gradients, number=0, round=1, report=lambda _share: None))

    _, host = grow_together(play, bins=8, **params)
    wanted = {**DEFAULTS, "bins": 8, "max_depth": params.get("max_depth", 3)}
    plain = grow_plainly(FEATURES, (GRADIENT, HESSIAN), wanted, exact=False)
    assert_same(nest(drafts[0].nodes, host.records), plain, FEATURES, tolerance=1e-6)
    assert {node.owner for node in drafts[0].nodes if isinstance(node, Split)} == {"guest.0", "host.0"}


def test_validation_samples_end_where_the_rules_send_them():
    drafts = []

    def play(guest, _link):
        gradients = Gradients(gradient=GRADIENT, hessian=HESSIAN, active=ALL)
        drafts.append(guest.grow(gradients, number=0, round=1, report=lambda _share: None))

    _, host = grow_together(play)
    tree = nest(drafts[0].nodes, host.records)
    for row, weight in enumerate(drafts[0].list_weights()[1]):
        node = tree
        while "weight" not in node:
            cut = node["rule"]["cut"]
            value = OUTSIDE[row, int(node["rule"]["feature"][1])]
            node = node["left" if cut is None or value <= cut else "right"]
        assert node["weight"] == weight


def test_sums_follow_the_one_of_equally_good_candidates_that_the_host_takes(monkeypatch):
    mirrored = np.column_stack([np.zeros(30), FEATURES[:, 1], -FEATURES[:, 1], np.zeros(30)])
    monkeypatch.setattr("tests.workers.components.growing.FEATURES", mirrored)
    drafts = []

    def play(guest, _link):
        gradients = Gradients(gradient=GRADIENT, hessian=HESSIAN, active=ALL)
        drafts.extend(guest.grow(gradients, number=n, round=1, report=lambda _share: None) for n in range(8))

    grow_together(play, max_depth=1)
    for draft in drafts:
        for child in (1, 2):
            wanted = GRADIENT[draft.positions == child].sum()
            assert draft.totals[child][0] == pytest.approx(wanted, abs=1e-6)


def test_large_tables_are_encrypted_in_blocks(monkeypatch):
    monkeypatch.setattr("workers.components.tree_guest.SEND_ROWS", 8)

    def play(guest, _link):
        gradients = Gradients(gradient=GRADIENT, hessian=HESSIAN, active=ALL)
        guest.grow(gradients, number=0, round=1, report=lambda _share: None)

    run, _ = grow_together(play)
    assert [m.name for m in run.messages if m.name.startswith("gradients")] == [
        f"gradients {place}" for place in range(4)
    ]
