import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.selectors import check_depth, is_selector, list_absent, merge, select_layers, selects


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [("all", [0, 1, 2]), ("0", [0]), ("0|1", [0, 1]), ("2|0", [0, 2]), ("12", []), ("1|12", [1])],
)
def test_a_selector_means_all_or_the_positions_between_its_bars(selector, chosen):
    assert [place for place in range(3) if selects(selector, place)] == chosen


def test_a_position_has_so_many_digits_that_it_can_be_one():
    assert is_selector("0|" + "1" * 18)
    assert not is_selector("0|" + "1" * 5000)


def test_layers_come_in_the_order_in_which_they_are_written():
    by_role = {"host": {"1": {"a": 1}, "all": {"a": 2}, "0|1": {"a": 3}, "0": {"a": 4}}}
    assert [layer["a"] for layer in select_layers(by_role, "host", 1)] == [1, 2, 3]
    assert [layer["a"] for layer in select_layers(by_role, "host", 0)] == [2, 3, 4]
    assert list(select_layers(by_role, "guest", 0)) == []


def test_nested_objects_are_merged_and_everything_else_is_replaced():
    first = {"init": {"method": "zeros", "seed": 1}, "names": [1, 2], "deep": {"a": {"b": 1}}}
    second = {"init": {"seed": None}, "names": [3], "deep": {"a": {"c": 2}}}
    assert merge(first, second) == {
        "init": {"method": "zeros", "seed": None},
        "names": [3],
        "deep": {"a": {"b": 1, "c": 2}},
    }
    assert first["init"] == {"method": "zeros", "seed": 1}


def test_other_keys_are_no_selectors_and_absent_parties_are_listed():
    assert [is_selector(each) for each in ("all", "0|12", "0,1", "lr_0", "", "-1")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert list_absent("0|5", 2) == ["5"]
    assert list_absent("0|01| 1", 2) == ["01", " 1"]
    assert list_absent("0|1", 2) == []
    assert list_absent("all", 0) == []


def test_what_is_nested_too_deep_is_refused():
    value: object = 1
    for _ in range(31):
        value = [value]
    check_depth(value, "the DSL")
    with pytest.raises(FateError, match="the DSL is nested more than 32"):
        check_depth([{"a": value}], "the DSL")
