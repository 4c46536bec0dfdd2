"""What is known of the parties when a job is planned."""

import pytest

from scheduler.service.catalogue import check_params, load_catalogue
from scheduler.service.parties import create_party
from tests.scheduler.centre import ADMIN

SCHEMA = {
    "type": "object",
    "properties": {
        "rounds": {"type": "integer", "minimum": 1},
        "model": {"type": "object", "properties": {"layers": {"type": "array", "items": {"type": "integer"}}},
                  "additionalProperties": False},
    },
    "required": ["rounds"],
    "additionalProperties": False,
}  # fmt: skip


def test_every_party_is_known_and_the_offers_of_those_that_connected(centre):
    centre.write(lambda tx: create_party(tx, "new", org="o", slots=1, by=ADMIN, now=centre.now))
    catalogue = centre.read(load_catalogue)
    assert catalogue.parties == {"a", "b", "new"}
    assert set(catalogue.offers) == {"a", "b"}
    assert set(catalogue.offers["a"]) == {"noop"}


@pytest.mark.parametrize(
    ("params", "where", "text"),
    [
        ({}, "", "'rounds' is a required property"),
        ({"rounds": "3"}, ".rounds", "'3' is not of type 'integer'"),
        ({"rounds": 1, "model": {"layers": [1, "x"]}}, ".model.layers.1", "'x' is not of type 'integer'"),
        ({"rounds": 1, "model": {"layer": []}}, ".model.layer", "there is no such parameter. Did you mean 'layers'?"),
        ({"round": 1, "rounds": 1}, ".round", "there is no such parameter. Did you mean 'rounds'?"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_place(params, where, text):
    [problem] = check_params(SCHEMA, params)
    assert problem.where == where
    assert f"{problem.message} {problem.hint}".strip() == text


def test_sound_parameters_have_no_problem():
    assert not check_params(SCHEMA, {"rounds": 3, "model": {"layers": [1, 2]}})
    assert not check_params({}, {"anything": [1]})


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": 7}, "7 is not valid under any of the given schemas"),
        ({"type": "nubmer"}, "'nubmer' is not valid"),
        ({"properties": {"rounds": {"$ref": "#/nowhere"}}}, "nowhere"),
        ({"$ref": "#"}, "recursion"),
        ({"properties": {"rounds": {"pattern": "["}}}, "is not a 'regex'"),
    ],
)
def test_a_schema_that_is_none_is_told_and_not_raised(schema, text):
    [problem] = check_params(schema, {"rounds": "3"})
    assert problem.message.startswith("cannot be checked, as the component declares them by no JSON Schema: ")
    assert text in problem.message


def test_a_partys_schema_makes_the_gateway_fetch_nothing(monkeypatch):
    def fail(*_args, **_kwargs):
        raise AssertionError("it was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    [problem] = check_params({"$ref": "http://127.0.0.1:1/secret.json"}, {"rounds": 3})
    assert "cannot be checked" in problem.message
