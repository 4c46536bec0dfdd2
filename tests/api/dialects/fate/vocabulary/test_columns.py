import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.columns import pick_columns, select_columns


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


def select(places, names=None, *, need_run=True):
    return pick_columns({"idx": places, "names": names, "need_run": need_run}, "idx", "names")


@pytest.mark.parametrize(
    ("places", "names", "wanted"),
    [
        (-1, ["x"], {}),
        ([0, 2, 0], None, {"columns": [], "positions": [0, 2], "unknown_columns": "ignore"}),
        (None, ["a", "a"], {"columns": ["a"], "positions": [], "unknown_columns": "ignore"}),
        ([], [], {"run": False}),
    ],
)
def test_places_and_names_choose_columns(places, names, wanted):
    assert select(places, names) == wanted


def test_a_module_that_does_not_run_hands_its_input_on():
    assert select(-1, need_run=False) == {"run": False}


@pytest.mark.parametrize(
    ("places", "names", "text"),
    [
        (3, None, "parameter idx: should be -1 or a list of places"),
        ([-2], None, "parameter idx: should be -1 or a list of places, from 0, not [-2]"),
        ([True], None, "parameter idx: should be"),
        ([0], "x", "parameter names: should be a list of column names, not 'x'"),
    ],
)
def test_what_is_no_choice_is_refused_by_name(places, names, text):
    with pytest.raises(FateParamError) as caught:
        select(places, names)
    assert text in caught.value.message
