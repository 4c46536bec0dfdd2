import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.param_values import (
    choose,
    get_flag,
    get_number,
    get_value,
    list_values,
    refuse_unless,
)

PARAMS = {"penalty": "L2", "init": {"method": None, "n": 3.0, "flag": True}, "one": 1}


def test_values_are_found_by_their_path():
    assert get_value(PARAMS, "init.n") == 3.0
    assert get_value(PARAMS, "init.nothing.below") is None


def test_texts_are_chosen_in_whatever_case_and_null_is_none():
    assert choose(PARAMS, "penalty", {"l2": 7}) == 7
    assert choose(PARAMS, "init.method", {"none": "x"}) == "x"
    with pytest.raises(FateParamError, match=r"parameter penalty: 'L2' is not supported here: use l1, none"):
        choose(PARAMS, "penalty", {"l1": 1, "none": 2})


def test_what_is_not_allowed_is_refused_with_its_reason():
    refuse_unless(PARAMS, "one", (1, 2), "why")
    with pytest.raises(FateParamError, match=r"parameter one: 1 is not supported here: leave it out"):
        refuse_unless(PARAMS, "one", (True, 0), "leave it out")


def test_numbers_and_truths_are_what_they_say():
    assert get_number(PARAMS, "init.n", whole=True) == 3
    assert get_flag(PARAMS, "init.flag") is True
    for path in ("penalty", "init.flag", "init.method"):
        with pytest.raises(FateParamError, match="should be a number"):
            get_number(PARAMS, path)
    with pytest.raises(FateParamError, match="should be true or false, not 1"):
        get_flag(PARAMS, "one")
    with pytest.raises(FateParamError, match="should be a whole number, not 1.5"):
        get_number({"x": 1.5}, "x", whole=True)


def test_lists_hold_what_they_should():
    assert list_values({"a": None}, "a", (int,), "numbers") == []
    assert list_values({"a": {"b": [1, 2.5]}}, "a.b", (int, float), "numbers") == [1, 2.5]
    for given in ("x", [True], ["x"], {"a": 1}):
        with pytest.raises(FateParamError, match="should be numbers"):
            list_values({"a": given}, "a", (int, float), "numbers")
