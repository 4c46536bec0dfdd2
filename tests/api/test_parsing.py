from typing import Annotated

import pytest
from pydantic import Field

from api.native.documents import JobDocument, StepDocument
from api.parsing import Body, Flag, Query, Whole, find_fields, parse_body, parse_query
from scheduler.domain.errors import InvalidDocumentError


class Leaf(Body):
    epochs: int = 1
    rate: float = 0.5


class Tree(Body):
    name: str
    leaves: list[Leaf] = []
    named: dict[str, Leaf] = {}


class Filter(Query):
    state: list[str] = []
    limit: Whole = Field(default=50, ge=1, le=100)
    deep: Flag = False
    offset: Whole | None = Field(default=None, ge=-5)


def problems(kind, value):
    with pytest.raises(InvalidDocumentError) as wrong:
        parse_body(kind, value)
    return {problem.where: (problem.message, problem.hint) for problem in wrong.value.problems}


def test_places_are_named():
    found = problems(Tree, {"leaves": [{"epochs": "3"}, {"rate": True}], "named": {"x": {"epochs": 1.5}}})
    assert found.keys() == {"name", "leaves.0.epochs", "leaves.1.rate", "named.x.epochs"}
    assert found["name"] == ("is missing", "Add it.")


@pytest.mark.parametrize(
    ("value", "hint"), [(False, "Put it in quotes."), (12, "Put it in quotes."), (0.1, "Put it in quotes."), ([], "")]
)
def test_a_name_that_yaml_took_for_something_else_is_told_to_be_quoted(value, hint):
    assert problems(Tree, {"name": value})["name"] == ("input should be a valid string", hint)


@pytest.mark.parametrize(
    ("value", "place", "hint"),
    [
        ({"name": "x", "leafs": []}, "leafs", "Did you mean 'leaves'?"),
        ({"name": "x", "leaves": [{"epoch": 1}]}, "leaves.0.epoch", "Did you mean 'epochs'?"),
        ({"name": "x", "named": {"a": {"rates": 1}}}, "named.a.rates", "Did you mean 'rate'?"),
    ],
)
def test_an_unknown_field_gets_the_nearest_one(value, place, hint):
    assert problems(Tree, value)[place] == ("there is no such field.", hint)


def test_a_step_with_a_field_of_another_scheduler_is_told_all_that_it_may_have():
    step = {"name": "a", "component": "noop", "depends_on": ["b"]}
    document = {"name": "x", "parties": {"guest": ["1"]}, "steps": [step]}
    _, hint = problems(JobDocument, document)["steps.0.depends_on"]
    assert hint.startswith("Known: ")
    assert all(field in hint for field in StepDocument.model_fields)


def test_not_an_object_is_said_of_the_body():
    assert "body" in problems(Tree, [])


def test_query_values_are_plain():
    found = parse_query(Filter, {"state": ["a", "b"], "limit": ["7"], "deep": ["true"], "offset": ["-3"]})
    assert found == Filter(state=["a", "b"], limit=7, deep=True, offset=-3)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"limit": ["0"]}, "query.limit"),
        ({"limit": ["1.0"]}, "query.limit"),
        ({"limit": ["1_0"]}, "query.limit"),
        ({"limit": [" 1"]}, "query.limit"),
        ({"limit": ["٣"]}, "query.limit"),
        ({"limit": ["9" * 400]}, "query.limit"),
        ({"limit": ["1", "2"]}, "query.limit"),
        ({"deep": ["1"]}, "query.deep"),
        ({"deep": ["yes"]}, "query.deep"),
        ({"offset": ["-9"]}, "query.offset"),
        ({"offset": ["x"]}, "query.offset"),
        ({"state": ["a\0"]}, "query.state"),
        ({"limits": ["1"]}, "query.limits"),
    ],
)
def test_query_values_that_only_look_right_are_refused(given, place):
    with pytest.raises(InvalidDocumentError) as wrong:
        parse_query(Filter, given)
    assert [problem.where for problem in wrong.value.problems] == [place]


def test_fields_are_found_through_lists_and_maps():
    class Wood(Body):
        trees: Annotated[list[Tree], Field(max_length=3)]

    assert find_fields(Wood, ["trees", "2", "named", "x"]) == {"epochs", "rate"}
    assert find_fields(Wood, ["nothing", "here"]) == frozenset()
