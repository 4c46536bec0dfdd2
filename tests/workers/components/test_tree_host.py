import numpy as np
import pytest

from fedrota.component import InvalidInputError
from tests.workers.components.growing import KEY, grow_together
from workers.components.tree_grid import Rule

ROOT = np.zeros(30, dtype=np.int64)


def test_sums_of_a_tree_that_has_not_begun_are_refused():
    def play(_guest, link):
        link.ask([(0, None)], ROOT)
        link.collect([(0, None)], {})

    with pytest.raises(InvalidInputError, match="a tree that it has not begun"):
        grow_together(play)


def test_each_tree_shows_the_candidates_in_another_order():
    orders = []

    def play(_guest, link):
        for number in range(3):
            link.begin_tree([KEY.public.render(KEY.encrypt([row << link.slots.slot for row in range(30)]))],
                            np.ones(30, dtype=bool), number=number)  # fmt: skip
            link.ask([(0, None)], ROOT)
            link.collect([(0, None)], {})
            orders.append(tuple(link.sums[0].left[:, 0]))

    grow_together(play)
    assert len(set(orders)) == 3
    assert len({tuple(sorted(each)) for each in orders}) == 1


def test_progress_reaches_the_host_and_rules_of_late_rounds_go():
    run, host = grow_together(lambda _guest, link: link.order("progress", round=4, share=0.25))
    assert run["host"].progress == [0.25]
    host.records = {name: Rule(feature=f"x{name}", cut=1.0, missing_left=False) for name in "abc"}
    host.born = {"a": 1, "b": 2, "c": 3}
    assert host.keep(2) == ["xa", "xb"]
    assert set(host.records) == {"a", "b"}
