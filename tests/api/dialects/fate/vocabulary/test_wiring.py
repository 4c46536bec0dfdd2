import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.dsl import parse_dsl
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.wiring import Wiring, pick_upstream

TRAIN = {
    "reader_0": {"module": "Reader", "output": {"data": ["r"]}},
    "dt_0": {
        "module": "DataTransform",
        "input": {"data": {"data": ["reader_0.r"]}},
        "output": {"data": ["d"], "model": ["m"]},
    },
    "lr_0": {
        "module": "HeteroLR",
        "input": {"data": {"train_data": ["dt_0.d"]}},
        "output": {"data": ["o"], "model": ["m"]},
    },
}


def wire(components, **given):
    parsed = parse_dsl({"components": components})
    return Wiring(
        components=parsed, modules={name: get_module(each.module, name) for name, each in parsed.items()}, **given
    )


def inputs(wiring, name):
    return dict(wiring.list_inputs(wiring.components[name]))


def test_outputs_are_the_ports_at_their_places():
    wiring = wire(TRAIN)
    assert inputs(wiring, "dt_0") == {"data": "reader_0.data"}
    assert inputs(wiring, "lr_0") == {"train": "dt_0.data"}
    assert wiring.list_needs(wiring.components["lr_0"]) == ["dt_0"]


def test_what_passes_lets_its_input_through():
    wiring = wire(TRAIN, passed=frozenset({"dt_0"}))
    assert inputs(wiring, "lr_0") == {"train": "reader_0.data"}
    assert wiring.list_needs(wiring.components["lr_0"]) == []


def test_what_is_inherited_lies_in_the_earlier_job():
    wiring = wire(TRAIN, earlier={"reader_0": "2026", "dt_0": "2026"})
    assert inputs(wiring, "lr_0") == {"train": "2026:dt_0.data"}


def test_a_model_of_the_same_job_is_applied_where_there_are_no_training_data():
    apply = {
        "module": "HeteroLR",
        "input": {"data": {"test_data": ["dt_0.d"]}, "model": ["lr_0.m"]},
        "output": {"data": ["o"]},
    }
    wiring = wire({**TRAIN, "lr_1": apply, "eval_0": {"module": "Evaluation", "input": {"data": {"data": ["lr_1.o"]}}}})
    assert wiring.uses_predictor(wiring.components["lr_1"])
    assert not wiring.uses_predictor(wiring.components["lr_0"])
    assert inputs(wiring, "lr_1") == {"data": "dt_0.data", "model": "lr_0.model"}
    assert inputs(wiring, "eval_0") == {"data": "lr_1.data"}


def test_a_model_of_an_earlier_job_lies_where_its_part_was_made():
    predict = {
        **TRAIN,
        "lr_0": {"module": "HeteroLR", "input": {"data": {"test_data": ["dt_0.d"]}, "model": ["pipeline.lr_0.m"]}},
    }
    wiring = wire(predict, trained=parse_dsl({"components": TRAIN}), pipeline={"lr_0": "77"})
    assert inputs(wiring, "lr_0") == {"data": "dt_0.data", "model": "77:lr_0.model"}
    with pytest.raises(FateError, match="the model has no component lr_0"):
        inputs(wire(predict), "lr_0")


def test_an_input_that_the_module_does_not_have_is_refused():
    wiring = wire({**TRAIN, "eval_0": {"module": "Evaluation", "input": {"data": {"data": ["lr_0.o", "dt_0.d"]}}}})
    with pytest.raises(
        FateError, match=r"Component eval_0's input data\[1\]: module Evaluation has no such data input"
    ):
        inputs(wiring, "eval_0")


def test_a_model_to_go_on_from_is_refused_since_trainings_begin_anew():
    warm = {"module": "HeteroLR", "input": {"data": {"train_data": ["dt_0.d"]}, "model": ["lr_0.m"]}}
    with pytest.raises(FateError, match="Component lr_1's input model: with training data it would be the start"):
        inputs(wire({**TRAIN, "lr_1": warm}), "lr_1")
    apply = {"module": "HeteroLR", "input": {"data": {"test_data": ["dt_0.d"]}, "model": ["lr_0.m", "lr_0.m"]}}
    with pytest.raises(FateError, match=r"Component lr_1's input model\[1\]: a prediction takes one model"):
        inputs(wire({**TRAIN, "lr_1": apply}), "lr_1")


def test_an_output_that_the_module_does_not_have_is_refused():
    more = {**TRAIN["reader_0"], "output": {"data": ["r", "s"]}}
    wiring = wire(
        {**TRAIN, "reader_0": more, "dt_1": {"module": "DataIO", "input": {"data": {"data": ["reader_0.s"]}}}}
    )
    with pytest.raises(
        FateError, match="Component reader_0: module Reader leaves 1 data outputs, so 's' is none of them"
    ):
        inputs(wiring, "dt_1")


def test_training_data_go_through_before_others():
    component = parse_dsl({
        "components": {
            "a": {"module": "M", "output": {"data": ["x", "y"]}},
            "b": {"module": "M", "input": {"data": {"data": ["a.x"], "train_data": ["a.y"]}}},
        }
    })["b"]  # fmt: skip
    found = pick_upstream(component)
    assert found is not None
    assert found.output == "y"
