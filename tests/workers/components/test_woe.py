import math

import numpy as np
import pytest

from workers.components.woe import weigh


def test_weights_are_logarithms_of_shares():
    found = weigh([30, 10], [10, 30], adjustment=0.5)
    assert found.woe[0] == pytest.approx(math.log((30 / 40) / (10 / 40)))
    assert found.total_iv == pytest.approx(2 * 0.5 * math.log(3))
    assert found.is_monotonic


def test_a_bin_that_lacks_a_label_is_adjusted_and_others_are_not():
    found = weigh([20, 0], [5, 5], adjustment=0.5)
    assert found.woe[0] == pytest.approx(math.log((20 / 20) / (5 / 10)))
    assert found.woe[1] == pytest.approx(math.log((0.5 / 20) / (5.5 / 10)))


@pytest.mark.parametrize("few", [[19, 1], [1, 0]])
def test_one_sample_of_a_label_is_no_lack_of_it(few):
    found = weigh(few, [1, 9], adjustment=0.5)
    assert found.woe[0] == pytest.approx(math.log((few[0] / sum(few)) / (1 / 10)))
    assert weigh([1, 9], few, adjustment=0.5).woe[0] == pytest.approx(-found.woe[0])


@pytest.mark.parametrize(
    ("events", "monotonic"),
    [([1, 2, 3], True), ([3, 2, 1], True), ([1, 1, 2], True), ([2, 1, 1], True), ([1, 2, 1], False)],
)
def test_weights_are_monotonic_that_never_turn(events, monotonic):
    assert weigh(events, [5, 5, 5], adjustment=0.5).is_monotonic is monotonic


def test_no_events_at_all_still_give_finite_weights():
    assert np.isfinite(weigh([0, 0], [3, 0], adjustment=0.5).woe).all()


def test_the_file_says_whether_weights_are_monotonic_where_bins_have_an_order():
    found = weigh([1, 5, 2], [5, 1, 5], adjustment=0.5)
    assert found.to_json()["monotonic"] is False
    assert found.to_json(ordered=False)["monotonic"] is None
    assert found.to_json()["events"] == [1, 5, 2]
