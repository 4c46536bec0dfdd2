"""What a hostile schema may cost the gateway; what sound ones say is in `test_catalogue`."""

import pytest

from scheduler.service import schemas
from scheduler.service.catalogue import check_params

SLOW = "^(a+)+$"
TEXT = "a" * 40 + "!"


def make_doublings(depth):
    """Each definition asks twice for the next: 2 ** depth questions."""
    twice = {f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(depth)}
    return {"$ref": "#/$defs/d0", "$defs": {**twice, f"d{depth}": True}}


@pytest.mark.parametrize(
    ("schema", "params"),
    [
        ({"properties": {"a": {"pattern": SLOW}}}, {"a": TEXT}),
        ({"propertyNames": {"pattern": SLOW}}, {TEXT: 1}),
        ({"patternProperties": {SLOW: True}}, {TEXT: 1}),
        ({"patternProperties": {SLOW: True}, "additionalProperties": False}, {TEXT: 1}),
        ({"patternProperties": {SLOW: True}, "unevaluatedProperties": False}, {TEXT: 1}),
        ({"allOf": [{"patternProperties": {SLOW: True}}], "unevaluatedProperties": False}, {TEXT: 1}),
        ({"properties": {"a": {"pattern": "(a|a)" * 40 + "$"}}}, {"a": TEXT}),
        ({"properties": {"a": {"pattern": "a?" * 40 + "a" * 40}}}, {"a": "a" * 40}),
        ({"properties": {"a": {"pattern": "a*a*a*a*a*a*$"}}}, {"a": "a" * 200 + "!"}),
        ({"properties": {"a": {"pattern": "a*a*$"}}}, {"a": "a" * 100_000 + "!"}),
    ],
)
def test_a_pattern_that_could_search_for_ever_is_left_to_the_party(schema, params):
    assert check_params(schema, params) == []


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("^[a-z][a-z0-9_]*$", "x_1", "1x"),
        (r"^\d{4}-\d{2}$", "2026-11", "2026-1"),
        (r"\.csv$", "a.csv", "a.txt"),
        ("^v[0-9]+", "v12", "w12"),
    ],
)
def test_a_plain_pattern_is_checked(pattern, good, bad):
    schema = {"properties": {"a": {"type": "string", "pattern": pattern}}}
    assert check_params(schema, {"a": good}) == []
    [problem] = check_params(schema, {"a": bad})
    assert (problem.where, problem.message) == (".a", f"{bad!r} does not match {pattern!r}")


def test_names_by_pattern_do_not_make_other_names_wrong():
    schema = {
        "properties": {"a": {"type": "integer"}},
        "patternProperties": {"^x": True},
        "additionalProperties": False,
    }
    assert check_params(schema, {"a": 1, "x1": 2}) == []
    assert [problem.where for problem in check_params(schema, {"a": "1"})] == [".a"]


@pytest.mark.parametrize(
    "schema",
    [
        make_doublings(40),
        {"$defs": {"a": {"$anchor": "x"}}, "allOf": [{"$ref": "#x"}] * 300},
        {"not": make_doublings(40)["$defs"]["d0"], "$defs": make_doublings(40)["$defs"]},
        {"properties": {f"p{number}": True for number in range(10_000)}},
    ],
    ids=["doublings", "anchors", "not", "large"],
)
def test_a_schema_that_takes_too_long_is_a_fault_of_its_component(schema):
    [problem] = check_params(schema, {})
    assert problem.message.startswith("cannot be checked under what the component declares of them: ")
    assert "at its party" in problem.hint


def test_every_check_has_an_effort_of_its_own(monkeypatch):
    monkeypatch.setattr(schemas, "MAX_EFFORT", 30)
    schema = {"properties": {"a": {"type": "array", "items": {"type": "integer"}}}}
    for _ in range(3):
        assert check_params(schema, {"a": [1] * 8}) == []
    [problem] = check_params(schema, {"a": [1] * 30})
    assert "more than 30 steps" in problem.message


def test_what_is_wrong_is_told_in_bounds():
    [problem] = check_params({"properties": {"a": {"enum": ["x" * 20_000]}}}, {"a": "y"})
    assert len(problem.message) == 1000
