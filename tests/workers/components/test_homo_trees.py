import numpy as np
import pytest

from fedrota.component import component
from fedrota.simulate import simulate
from tests.workers.components.boosting import DEFAULTS, assert_same, grow_plainly
from tests.workers.components.test_tree_guest import nest
from workers.components.homo_trees import HomoTrees
from workers.components.secure_sum import SecureSum, SumPlan
from workers.components.tree_grid import Grid

FEATURES = np.random.default_rng(1).normal(size=(45, 3))
GRADIENT, HESSIAN = np.random.default_rng(2).normal(size=45), np.random.default_rng(3).random(45) + 0.1
PARAMS = {**DEFAULTS, "bins": 8, "max_depth": 4, "feature_rate": 1.0, "seed": 1}


def grow(**params):
    """Each member's tree over three parties with a third of the samples each, and an arbiter with none."""
    drafts = {}

    @component("growing", roles=("guest", "host", "arbiter"), exchange=True)
    def body(context):
        """Grow."""
        owners = [each for each in context.members if each.role != "arbiter"]
        arbiter = next(each for each in context.members if each.role == "arbiter")
        brings = context.me in owners
        mine = slice(owners.index(context.me), None, 3) if brings else slice(0, 0)
        grid = Grid.measure(["x0", "x1", "x2"], FEATURES, bins=8)
        trees = HomoTrees(
            sums=SecureSum(context, SumPlan(contributors=owners, aggregator=arbiter)),
            grid=grid,
            codes=grid.place(FEATURES[mine]),
            validate_codes=grid.place(FEATURES[:5]),
            params={**PARAMS, **params},
            brings=brings,
        )
        drafts[context.me.address] = trees.grow(GRADIENT[mine], HESSIAN[mine], number=0)

    simulate(body, {"guest": ["1"], "host": ["2", "3"], "arbiter": ["4"]})
    return drafts


@pytest.mark.parametrize("params", [{}, {"min_leaf_node": 6}, {"max_depth": 2, "min_sample_split": 20}])
def test_every_member_grows_the_tree_of_all_samples(params):
    plain = grow_plainly(FEATURES, (GRADIENT, HESSIAN), {**PARAMS, **params}, exact=True)
    drafts = grow(**params)
    for draft in drafts.values():
        assert_same(nest(draft.nodes, {}), plain, FEATURES, tolerance=1e-9)
    assert len(drafts) == 4


def test_validation_samples_find_their_leaves():
    draft = grow()["guest.0"]
    mine, outside = draft.list_weights()
    assert outside[0] == mine[0]
    assert outside[3] == mine[1]
