import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.params import ParamsError, check_schema, object_schema, read_values

SCHEMA = object_schema(
    {
        "rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "rounds": {"type": "integer", "minimum": 1, "default": 10},
        "how": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "names": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True, "default": []},
        "map": {"type": "object", "additionalProperties": {"type": "number"}, "default": {}},
        "maybe": {"type": ["string", "null"], "pattern": "^x", "default": None},
    }
)


def test_defaults_are_filled_in_and_required_is_what_has_none():
    assert SCHEMA["required"] == ["rate"]
    assert read_values(SCHEMA, {"rate": 0.5}) == {
        "rate": 0.5,
        "rounds": 10,
        "how": "a",
        "names": [],
        "map": {},
        "maybe": None,
    }


def test_a_whole_float_becomes_an_integer():
    rounds = read_values(SCHEMA, {"rate": 1, "rounds": 3.0})["rounds"]
    assert rounds == 3
    assert isinstance(rounds, int)


@pytest.mark.parametrize(
    ("given_values", "text"),
    [
        ({}, "rate is missing: it has no default"),
        ({"rate": 0}, "rate must be greater than 0, is 0"),
        ({"rate": 1.5}, "rate must be at most 1, is 1.5"),
        ({"rate": "1"}, "rate must be of type number, is '1'"),
        ({"rate": True}, "rate must be of type number, is True"),
        ({"rate": float("nan")}, "rate must be of type number, is nan"),
        ({"rate": 1, "rounds": 2.5}, "rounds must be of type integer, is 2.5"),
        ({"rate": 1, "rounds": float("inf")}, "rounds must be of type integer, is inf"),
        ({"rate": 1, "how": "c"}, "how must be one of 'a', 'b', is 'c'"),
        ({"rate": 1, "names": "ab"}, "names must be of type array, is 'ab'"),
        ({"rate": 1, "names": ["a", ""]}, "names.1 must have at least 1 characters, is ''"),
        ({"rate": 1, "names": ["a", "a"]}, "names repeats an item"),
        ({"rate": 1, "map": {"B": "x"}}, "map.B must be of type number, is 'x'"),
        ({"rate": 1, "maybe": "y"}, "maybe must match ^x, is 'y'"),
        ({"rate": 1, "round": 3}, "round is not a parameter; did you mean 'rounds'?"),
        ({"rate": 1, "zzz": 3}, "zzz is not a parameter; there are how, map, maybe, names, rate, rounds"),
    ],
)
def test_each_problem_is_named(given_values, text):
    with pytest.raises(ParamsError) as caught:
        read_values(SCHEMA, given_values)
    assert text in str(caught.value)


def test_all_problems_are_listed_at_once():
    with pytest.raises(ParamsError) as caught:
        read_values(SCHEMA, {"rate": -1, "rounds": 0, "bad": 1})
    assert str(caught.value).count(";") >= 2


def test_without_parameters_none_is_allowed():
    with pytest.raises(ParamsError, match="x is not a parameter; there are none"):
        read_values(object_schema({}), {"x": 1})


def test_a_schema_with_an_unknown_type_is_refused():
    with pytest.raises(ValueError, match="type 'int': use null, boolean, integer"):
        check_schema(object_schema({"n": {"type": "int"}}), where="mine")


def test_a_default_that_breaks_its_schema_is_refused():
    with pytest.raises(ValueError, match="n must be at least 1, is 0"):
        check_schema(object_schema({"n": {"type": "integer", "minimum": 1, "default": 0}}), where="mine")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), json_values))
def test_what_passes_here_passes_the_gateways_validator_too(values):
    try:
        read_values(SCHEMA, values)
    except ParamsError:
        return
    jsonschema.Draft202012Validator(SCHEMA).validate(values)
