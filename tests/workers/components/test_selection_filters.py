import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedrota.simulate import simulate
from tests.workers.components.vertical import TWO
from workers.components.hetero_feature_selection import hetero_feature_selection
from workers.components.selection_filters import get_threshold, is_federated, keep_one, pick, takes_high

figures = st.lists(st.floats(-10, 10), min_size=1, max_size=12)


@given(figures, st.integers(1, 15), st.booleans())
def test_the_top_are_the_best_ones(values, count, high):
    rule = {"kind": "statistic", "how": "top_k", "threshold": count, "take_high": high}
    kept = pick(rule, values, [count] * len(values))
    assert len(kept) == min(count, len(values))
    left = [value for place, value in enumerate(values) if place not in kept]
    best, worst = (min, max) if high else (max, min)
    assert (
        not left
        or (best(values[place] for place in kept) >= worst(left)) == high
        or best(values[place] for place in kept) == worst(left)
    )


@pytest.mark.parametrize(
    ("share", "of", "kept"), [(0.5, 8, 4), (0.8, 10, 8), (0.3, 10, 3), (0.51, 8, 5), (0, 8, 0), (1, 3, 3)]
)
def test_a_share_is_rounded_up_but_not_by_rounding_errors(share, of, kept):
    rule = {"kind": "iv", "how": "top_share", "threshold": share}
    assert len(pick(rule, [float(place) for place in range(of)], [0.0] * of)) == kept


def test_thresholds_count_themselves_in_on_both_sides():
    assert pick({"kind": "iv"}, [1.0, 2.0, 3.0], [2.0] * 3) == [1, 2]
    assert pick({"kind": "vif"}, [1.0, 2.0, 3.0], [2.0] * 3) == [0, 1]


def test_defaults_come_from_the_kind():
    assert get_threshold({"kind": "unique"}) == 1e-5
    assert takes_high({"kind": "iv"})
    assert not takes_high({"kind": "outlier"})
    assert is_federated({"kind": "iv"})
    assert not is_federated({"kind": "iv", "federated": False})
    assert not is_federated({"kind": "unique"})


def test_at_least_one_is_kept_where_there_is_one():
    assert keep_one({"kind": "iv"}, [], [1.0, 5.0]) == [1]
    assert keep_one({"kind": "vif"}, [], [1.0, 5.0]) == [0]
    assert keep_one({"kind": "iv"}, [], []) == []


ROWS = 10
COLUMNS = {
    "same": [3.0] * ROWS,
    "mostly": [1.0] * 8 + [2.0, None],
    "wide": [float(row * 100) for row in range(ROWS)],
    "narrow": [1000 + row * 1e-3 for row in range(ROWS)],
}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"kind": "unique"}, ["mostly", "wide", "narrow"]),
        ({"kind": "variation", "threshold": 0.1}, ["mostly", "wide"]),
        ({"kind": "percentage", "threshold": 0.7}, ["wide", "narrow"]),
        ({"kind": "percentage", "threshold": 0.8}, ["mostly", "wide", "narrow"]),
        ({"kind": "outlier", "percentile": 0.5, "threshold": 5}, ["same", "mostly"]),
        ({"kind": "outlier", "percentile": 1, "threshold": 950}, ["same", "mostly", "wide"]),
        ({"kind": "manual", "drop": ["wide", "nose"]}, ["same", "mostly", "narrow"]),
        ({"kind": "manual", "keep": ["wide"], "keep_positions": [0, 99]}, ["same", "wide"]),
        ({"kind": "manual", "drop": ["wide"], "restore": ["wide", "nose"]}, ["same", "mostly", "wide", "narrow"]),
        ({"kind": "manual"}, ["same", "mostly", "wide", "narrow"]),
        ({"kind": "unique", "threshold": 1e9}, ["wide"]),
    ],
)
def test_each_local_filter_goes_by_its_figure(rule, kept):
    table = {"id": [str(row) for row in range(ROWS)], **COLUMNS}
    inputs = {owner: {"data": table} for owner in ("guest.0", "host.0")}
    found = simulate(hetero_feature_selection, TWO, params={"filters": [rule]}, inputs=inputs)
    for owner in inputs:
        assert found[owner].summary["kept"] == kept
        assert list(found[owner].read_table("data")) == ["id", *kept]
