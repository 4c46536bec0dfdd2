import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.workers.components.boosting import goes_left, list_cuts
from workers.components.tree_grid import Grid, sample_features

NAN = float("nan")
COLUMNS = np.array([[1.0, NAN, 5], [2, 4, 5], [2, 3, 5], [3, NAN, 5]])


def make(features=COLUMNS, bins=4):
    grid = Grid.measure([f"x{place}" for place in range(features.shape[1])], features, bins=bins)
    return grid, grid.place(features)


def test_candidates_are_those_of_the_plain_columns_in_their_order():
    grid, codes = make()
    cuts = list_cuts(COLUMNS, 4)
    assert len(grid) == len(cuts) == 5
    for candidate, cut in enumerate(cuts):
        side = bool(grid.missing_left[candidate])
        assert (grid.goes_left(candidate, codes, missing_left=side) == goes_left(COLUMNS, cut)).all()
        rule = grid.describe(candidate, missing_left=side)
        assert (rule.goes_left(COLUMNS[:, cut[0]]) == goes_left(COLUMNS, cut)).all()


@given(arrays(np.float64, (9, 3), elements=st.sampled_from([NAN, -1.5, 0.0, 2.0, 7.0])), st.integers(2, 5))
def test_sums_on_the_left_are_those_of_the_samples_there(features, bins):
    grid, codes = make(features, bins)
    values = np.arange(18.0).reshape(9, 2)
    left = grid.add_up(grid.count(codes, values))
    for candidate, cut in enumerate(list_cuts(features, bins)):
        assert (left[candidate] == values[goes_left(features, cut)].sum(axis=0)).all()


@given(arrays(np.float64, (9, 2), elements=st.sampled_from([NAN, -1.5, 0.0, 2.0, 7.0])), st.integers(1, 3))
def test_allowed_candidates_have_enough_samples_and_split_unlike_all_before_in_their_column(features, least):
    grid, codes = make(features, 5)
    node = features[:5]  # so that some bins of the whole are empty
    left = grid.add_up(grid.count(codes[:5], np.ones((5, 1))))[:, 0]
    allowed, seen = grid.allow(left, 5, least=least), set()
    for candidate, cut in enumerate(list_cuts(features, 5)):
        side = goes_left(node, cut)
        new = (cut[0], side.tobytes()) not in seen
        seen.add((cut[0], side.tobytes()))
        assert allowed[candidate] == (least <= side.sum() <= 5 - least and new)


def test_values_that_no_node_misses_join_its_majority():
    grid, codes = make()
    rows = codes[[1, 2]]
    assert grid.choose_side(3, rows) is True  # x1 <= 4: both left
    assert grid.find_side(2, left=1, missing=0, rows=4) is False
    assert grid.find_side(2, left=1, missing=1, rows=4) is bool(grid.missing_left[2])


def test_a_rule_without_a_cut_sends_all_values_left_however_large():
    grid, _ = make()
    rule = grid.describe(3, missing_left=False)
    assert rule.cut is None
    assert rule.goes_left(np.array([1e300, NAN])).tolist() == [True, False]


@pytest.mark.parametrize("features", [np.empty((3, 0)), np.full((3, 1), NAN), np.full((3, 1), 2.0)])
def test_columns_that_cannot_split_have_no_candidates(features):
    grid, codes = make(features)
    assert len(grid) == 0
    assert grid.add_up(grid.count(codes, np.ones((3, 2)))).shape == (0, 2)


def test_a_share_of_the_features_is_drawn_by_seed():
    assert sample_features(5, 1.0, [1]).tolist() == [0, 1, 2, 3, 4]
    drawn = sample_features(10, 0.3, [1, 2])
    assert len(set(drawn.tolist())) == 3
    assert drawn.tolist() == sample_features(10, 0.3, [1, 2]).tolist()
    assert len(sample_features(3, 0.01, [1])) == 1
    grid, _ = make()
    assert grid.choose_features(np.array([0])).tolist() == [True, True, False, False, False]
