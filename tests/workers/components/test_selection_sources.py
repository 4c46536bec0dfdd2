import pytest

from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, TWO, make_inputs
from workers.components.hetero_feature_selection import hetero_feature_selection
from workers.components.hetero_pearson import hetero_pearson
from workers.components.hetero_secureboost import hetero_secureboost
from workers.components.selection_sources import FORMATS, MAKERS, PORTS


@pytest.fixture
def tables():
    found = {owner: {"data": ports["train"]} for owner, ports in make_inputs((3, 2), rows=60).items()}
    data = found["guest.0"]["data"]
    data["x1"] = [a + 1e-3 * b for a, b in zip(data["x0"], data["x1"], strict=True)]
    return found


def test_columns_that_others_explain_are_left_out_by_their_inflation(tables):
    figures = simulate(hetero_pearson, TWO, params=FAST, inputs=tables)
    inputs = {owner: {**ports, "source": figures[owner].output("model")} for owner, ports in tables.items()}
    params = {"filters": [{"kind": "vif", "threshold": 5}]}
    found = simulate(hetero_feature_selection, TWO, params=params, inputs=inputs)
    assert found["guest"].summary["kept"] == ["x2"]
    assert found["host"].summary["kept"] == ["x3", "x4"]


def test_columns_that_no_tree_uses_are_left_out(tables):
    params = {**FAST, "trees": 1, "max_depth": 1}
    inputs = {owner: {"train": ports["data"]} for owner, ports in tables.items()}
    trees = simulate(hetero_secureboost, TWO, params=params, inputs=inputs)
    used = {owner: set(trees[owner].summary["importance"]) for owner in tables}
    inputs = {owner: {**ports, "source_3": trees[owner].output("model")} for owner, ports in tables.items()}
    found = simulate(hetero_feature_selection, TWO, params={"filters": [{"kind": "importance"}]}, inputs=inputs)
    for owner in tables:
        kept = found[owner].summary["kept"]
        own = used[owner] & set(tables[owner]["data"])
        # A party of which no column is used keeps one all the same.
        assert set(kept) == own if own else len(kept) == 1


def test_each_kind_of_model_has_a_maker():
    assert set(FORMATS.values()) == set(MAKERS)
    assert len(PORTS) == len(MAKERS)
