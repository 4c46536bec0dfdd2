import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.members import (
    TableName,
    check_present,
    list_texts,
    need,
    parse_component,
    parse_table,
    read_flag,
    read_number,
    read_object,
    read_party,
    read_text,
)


@pytest.mark.parametrize("given", [1, "1", True, "true", "True", "yes"])
def test_what_counts_as_true(given):
    assert read_flag({"head": given}, "head") is True


@pytest.mark.parametrize("given", [0, "0", False, "false", "False", ""])
def test_what_counts_as_false(given):
    assert read_flag({"head": given}, "head", default=True) is False


def test_what_is_not_given_is_as_the_default():
    assert read_flag({}, "head", default=True)
    assert read_number({"n": ""}, "n", default=7) == 7
    assert (read_text({}, "t", "x"), read_object({}, "o")) == ("x", {})


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (lambda members: read_flag(members, "x"), 2),
        (lambda members: read_flag(members, "x"), "maybe"),
        (lambda members: read_flag(members, "x"), [1]),
        (lambda members: read_number(members, "x", default=1), "1.5"),
        (lambda members: read_number(members, "x", default=1), 1.5),
        (lambda members: read_number(members, "x", default=1), True),
        (lambda members: read_number(members, "x", default=1), -1),
        (lambda members: read_number(members, "x", default=1), "9" * 30),
        (lambda members: read_number(members, "x", default=1), "²"),
        (lambda members: read_text(members, "x"), ["a"]),
        (lambda members: read_text(members, "x"), True),
        (lambda members: read_text(members, "x"), "a\0"),
        (lambda members: read_text(members, "x"), "a" * 5000),
        (lambda members: read_object(members, "x"), [1]),
        (lambda members: read_object(members, "x"), "text"),
    ],
)
def test_what_is_wrong_is_named(read, given):
    with pytest.raises(FateError, match="x ") as error:
        read({"x": given})
    assert error.value.retcode == 101


def test_an_object_may_come_as_a_text():
    assert read_object({"meta": '{"a": 1}'}, "meta") == {"a": 1}


def test_missing_members_are_all_named():
    with pytest.raises(FateError, match="required parameters are missing: a,c; ") as error:
        check_present({"a": "", "b": 0}, "a", "b", "c")
    assert error.value.retcode == 100


@pytest.mark.parametrize(
    ("members", "party"),
    [
        ({"party_id": 9999}, "9999"),
        ({"party_id": "9999"}, "9999"),
        ({"local": {"role": "guest", "party_id": 1}}, "1"),
        ({"party_id": 2, "local": {"party_id": 1}}, "2"),
        ({"party_id": 0}, ""),
        ({"local": "x"}, ""),
        ({}, ""),
    ],
)
def test_the_party_that_is_meant(members, party):
    assert read_party(members) == party


def test_a_table_is_named_in_two_ways():
    assert parse_table({"namespace": "n", "table_name": "t"}) == parse_table({"namespace": "n", "name": "t"})
    assert parse_table({"namespace": "n", "name": "t"}) == TableName("n", "t")
    with pytest.raises(FateError, match="namespace"):
        parse_table({"name": "t"})


def test_a_component_is_named_by_four():
    members = {"job_id": 1, "role": "guest", "party_id": 9999, "component_name": "lr_0"}
    found = parse_component(members)
    assert (found.job, found.role, found.party, found.component) == ("1", "guest", "9999", "lr_0")
    with pytest.raises(FateError, match="component_name"):
        parse_component({**members, "component_name": None})
    assert parse_component({**members, "component_name": None}, needs_component=False).component == ""


def test_what_is_missing_is_named_together():
    assert need({"job_id": 7, "role": "guest"}, "job_id", "role") == ["7", "guest"]
    with pytest.raises(FateError, match="required argument are missing: job_id,role; ") as refused:
        need({"role": ""}, "job_id", "role")
    assert refused.value.retcode == 101


def test_one_and_several_are_texts():
    assert [list_texts(each) for each in (None, "", "a", 1, ["a", 2])] == [[], [], ["a"], ["1"], ["a", "2"]]
