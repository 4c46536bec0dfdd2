import pytest

from api.dialects.fate.vocabulary.component_params import find_source, resolve_params
from api.dialects.fate.vocabulary.fate_job import FateJob

CONF = {
    "initiator": {"role": "guest", "party_id": 1},
    "role": {"guest": [1], "host": [2, 3]},
    "component_parameters": {
        "common": {"lr_0": {"max_iter": 3, "own": 1}},
        "role": {"host": {"1": {"lr_0": {"max_iter": 5}}}},
    },
}


def make(module="Nothing", conf=CONF, **given):
    return FateJob(conf=conf, dsl={"components": {"lr_0": {"module": module, **given}}})


@pytest.mark.parametrize(("role", "position", "rounds"), [("guest", 0, 3), ("host", 0, 3), ("host", 1, 5)])
def test_parameters_are_those_of_the_party(role, position, rounds):
    assert resolve_params(make(), "lr_0", role=role, position=position) == {"max_iter": rounds, "own": 1}


def test_defaults_of_the_module_are_filled_in():
    conf = {**CONF, "component_parameters": {"common": {"lr_0": {"max_iter": 3}}}}
    found = resolve_params(make("HeteroLR", conf), "lr_0", role="guest", position=0)
    assert (found["max_iter"], "penalty" in found) == (3, True)


def test_a_job_of_another_dialect_shows_what_it_has():
    odd = {"component_parameters": {"common": {"lr_0": {"table": "t"}}}}
    assert resolve_params(make("Reader", odd), "lr_0", role="guest", position=0) == {"table": "t"}


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"input": {"data": {"data": ["homo_lr_0.train", "b.data"]}}}, "homo_lr_0"),
        ({"input": {"data": {}, "model": ["pipeline.a_0.model"]}}, "a_0"),
        ({}, "lr_0"),
    ],
)
def test_where_a_components_input_comes_from(given, source):
    assert find_source(make(**given), "lr_0") == source
