import pytest

from workers.components.categories import sort_categories


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([3, 1, 3, -2], [-2, 1, 3]), (["b", "ä", "a", "b"], ["a", "b", "ä"]), ([], []), (["1", 2], [2, "1"])],
)
def test_categories_stand_once_and_in_order(values, wanted):
    assert sort_categories(values) == wanted
