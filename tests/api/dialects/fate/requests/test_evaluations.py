import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.evaluations import split_evaluations

TWO = {"module": "Evaluation", "input": {"data": {"data": ["lr_0.o", "lr_1.o"]}}, "output": {"data": ["d"]}}
CONF = {
    "dsl_version": 2,
    "component_parameters": {
        "common": {"eval_0": {"eval_type": "binary"}, "lr_0": {}},
        "role": {"guest": {"0": {"eval_0": {"need_run": True}}, "1": {}}, "host": {"all": {"lr_0": {}}}},
    },
}


def test_each_table_has_an_evaluation_with_the_same_parameters():
    conf, dsl, said = split_evaluations(CONF, {"components": {"lr_0": {"module": "HeteroLR"}, "eval_0": TWO}})
    assert list(dsl["components"]) == ["lr_0", "eval_0", "eval_0_1"]
    assert dsl["components"]["eval_0"] == {**TWO, "input": {"data": {"data": ["lr_0.o"]}}}
    assert dsl["components"]["eval_0_1"] == {**TWO, "input": {"data": {"data": ["lr_1.o"]}}}
    params = conf["component_parameters"]
    assert params["common"]["eval_0_1"] == {"eval_type": "binary"}
    assert params["role"]["guest"] == {"0": {"eval_0": {"need_run": True}, "eval_0_1": {"need_run": True}}, "1": {}}
    assert params["role"]["host"] == {"all": {"lr_0": {}}}
    assert said == ("[WARN]eval_0 measures its first table alone: lr_1.o is measured by eval_0_1",)


def test_tables_under_several_keys_are_measured_one_by_one_too():
    both = {"module": "evaluate", "input": {"data": {"train_data": ["a.o"], "validate_data": ["b.o"]}}}
    found = split_evaluations({}, {"components": {"e": both}})[1]["components"]
    assert [each["input"]["data"] for each in found.values()] == [{"train_data": ["a.o"]}, {"validate_data": ["b.o"]}]


def test_a_name_that_is_taken_is_told():
    with pytest.raises(FateError, match="Component e_1: its name is taken for table 2 of e: rename it"):
        split_evaluations({}, {"components": {"e": TWO, "e_1": {"module": "Reader"}}})


@pytest.mark.parametrize(
    "dsl",
    [
        {},
        {"components": []},
        {"components": {"e": 1}},
        {"components": {"e": {"module": "Evaluation", "input": 1}}},
        {"components": {"e": {"module": "Evaluation", "input": {"data": ["a.o", "b.o"]}}}},
        {"components": {"e": {"module": "Evaluation", "input": {"data": {"data": "a.o"}}}}},
        {"components": {"e": {"module": "Evaluation", "input": {"data": {"data": ["a.o", "b.o"], "other": []}}}}},
        {"components": {"e": {"module": "Evaluation", "input": {"data": {"data": ["a.o"]}}}}},
        {"components": {"e": {**TWO, "module": "Union"}}},
    ],
)
def test_all_else_stays_as_it_is(dsl):
    assert split_evaluations(CONF, dsl) == (CONF, dsl, ())


@pytest.mark.parametrize("params", [None, 1, {"common": 1, "role": {"guest": 1}}, {"role": {"guest": {"0": 1}}}])
def test_malformed_parameters_are_left_to_their_parser(params):
    conf, dsl, _ = split_evaluations({"component_parameters": params}, {"components": {"e": TWO}})
    assert (conf, list(dsl["components"])) == ({"component_parameters": params}, ["e", "e_1"])
