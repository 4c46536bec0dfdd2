import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fedrota.component import component
from fedrota.simulate import simulate
from workers.components.secure_sum import SecureSum, SumPlan
from workers.components.shared_quantiles import SharedColumns, to_keys, to_values

reals = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(reals, min_size=1, max_size=30))
def test_keys_are_ordered_as_the_numbers_and_turn_back_into_them(numbers):
    values = np.array(numbers)
    keys = to_keys(values)
    assert (values[np.argsort(keys, kind="stable")] == np.sort(values)).all()
    assert (to_values(keys) == values).all()


@given(st.lists(st.lists(reals | st.just(float("nan")), max_size=12), min_size=3, max_size=3), st.data())
@settings(deadline=None, max_examples=25)
def test_ranks_give_what_sorting_all_rows_gives(parties, data):
    pooled = np.sort([value for party in parties for value in party if not math.isnan(value)])
    if not len(pooled):
        return
    ranks = data.draw(st.lists(st.integers(1, len(pooled)), min_size=1, max_size=4))
    found = {}

    @component("quantiles", exchange=True)
    def quantiles(context):
        """Find quantiles."""
        plan = SumPlan(contributors=context.members, aggregator=context.members[0])
        column = np.array(parties[context.members.index(context.me)], dtype=float)
        shared = SharedColumns(SecureSum(context, plan), [column, column], width=2)
        assert shared.rows.tolist() == [len(pooled)] * 2
        found[context.me] = [*shared.find([ranks, [1]]), *shared.count_up_to([pooled, pooled[:1]])]

    simulate(quantiles, {"guest": ["1"], "host": ["2", "3"]})
    for values, first, counts, least in found.values():
        assert values.tolist() == [pooled[rank - 1] for rank in ranks]
        assert first.tolist() == [pooled[0]]
        assert counts.tolist() == [(pooled <= value).sum() for value in pooled]
        assert least.tolist() == [(pooled <= pooled[0]).sum()]
