import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.columns import list_values, select_columns


def test_lists_hold_what_they_should():
    assert list_values({"a": None}, "a", (int,), "numbers") == []
    assert list_values({"a": {"b": [1, 2.5]}}, "a.b", (int, float), "numbers") == [1, 2.5]
    for given in ("x", [True], ["x"], {"a": 1}):
        with pytest.raises(FateParamError, match="should be numbers"):
            list_values({"a": given}, "a", (int, float), "numbers")


@pytest.mark.parametrize(
    ("places", "names", "found"),
    [
        (-1, None, {"columns": [], "positions": []}),
        (-1, ["a", "a"], {"columns": ["a"], "positions": []}),
        ([0, 2, 0], ["a"], {"columns": ["a"], "positions": [0, 2]}),
        (None, [], {"columns": [], "positions": []}),
    ],
)
def test_columns_by_place_and_name(places, names, found):
    assert select_columns({"i": places, "n": names}, "i", "n") == found


@pytest.mark.parametrize("places", [-2, [-1], "all", [1.5]])
def test_places_that_cannot_be(places):
    with pytest.raises(FateParamError):
        select_columns({"i": places, "n": None}, "i", "n")
