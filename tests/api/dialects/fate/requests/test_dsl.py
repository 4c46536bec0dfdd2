import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.dsl import Source, list_ordered, parse_dsl

READER = {"module": "Reader", "output": {"data": ["data"]}}


def make_dsl(**components):
    return {"components": {"reader_0": READER, **components}}


def test_inputs_and_outputs_are_read_in_their_places():
    found = parse_dsl(
        make_dsl(
            lr_0={
                "module": "HeteroLR",
                "input": {
                    "data": {"train_data": ["reader_0.data"], "validate_data": ["reader_0.data"]},
                    "model": ["pipeline.lr_0.model"],
                },
                "output": {"data": ["data"], "model": ["model"]},
                "need_deploy": False,
            }
        )
    )["lr_0"]
    assert found.sources == (
        Source(kind="data", key="train_data", place=0, component="reader_0", output="data"),
        Source(kind="data", key="validate_data", place=0, component="reader_0", output="data"),
        Source(kind="model", key="model", place=0, component="lr_0", output="model", is_pipeline=True),
    )
    assert found.outputs == {"data": ("data",), "model": ("model",)}
    assert found.needs_deploy is False


@pytest.mark.parametrize(
    ("dsl", "said"),
    [
        (None, "There are no dsl"),
        ({}, "There are no dsl"),
        ({"components": {}}, "There are no dsl"),
        ({"components": []}, "There are no dsl"),
        (make_dsl(a_0={}), "Component a_0 has no module"),
        (make_dsl(a_0=3), "Component a_0 should be dict"),
        (make_dsl(**{"a.0": READER}), "Component name a.0'is not illegal"),
        (make_dsl(a_0={"module": "M", "input": []}), None),
        (make_dsl(a_0={"module": "M", "input": ["x"]}), "Input of component a_0 should be dict"),
        (make_dsl(a_0={"module": "M", "input": {"data": ["x"]}}), "data value type should be dict"),
        (make_dsl(a_0={"module": "M", "input": {"data": {"data": "x.y"}}}), "key data value type should be list"),
        (make_dsl(a_0={"module": "M", "input": {"data": {"other": []}}}), "input data has the key other"),
        (make_dsl(a_0={"module": "M", "input": {"data": {"data": ["x"]}}}), "data input x should be component.output"),
        (make_dsl(a_0={"module": "M", "output": {"data": "x"}}), "output key data value type should be list"),
        (
            make_dsl(a_0={"module": "M", "input": {"data": {"data": ["zz_0.data"]}}}),
            "a_0's data input zz_0 does not exist",
        ),
        (
            make_dsl(a_0={"module": "M", "input": {"data": {"data": ["reader_0.zz"]}}}),
            "Component a_0' s reader_0 input data's output zz does not exist",
        ),
    ],
)
def test_what_is_wrong_is_refused_in_the_words_of_the_original(dsl, said):
    if said is None:
        assert parse_dsl(dsl)["a_0"].sources == ()
        return
    with pytest.raises(FateError, match=said) as refused:
        parse_dsl(dsl)
    assert refused.value.retcode == 103


def test_components_that_wait_for_each_other_are_named_in_their_order():
    def make(source):
        return {"module": "M", "input": {"data": {"data": [f"{source}.d"]}}, "output": {"data": ["d"]}}

    with pytest.raises(FateError) as refused:
        parse_dsl(make_dsl(a_0=make("c_0"), b_0=make("a_0"), c_0=make("b_0"), z_0=make("c_0")))
    assert refused.value.message in {
        f"{loop} form a loop" for loop in ("a_0->b_0->c_0", "b_0->c_0->a_0", "c_0->a_0->b_0")
    }


def test_a_component_cannot_read_from_itself():
    own = {"module": "M", "input": {"data": {"data": ["a_0.d"]}}, "output": {"data": ["d"]}}
    with pytest.raises(FateError, match="a_0 form a loop"):
        parse_dsl(make_dsl(a_0=own))


def test_a_model_of_an_earlier_job_is_no_edge():
    lr = {"module": "M", "input": {"model": ["pipeline.lr_0.m"]}, "output": {"model": ["m"]}}
    ordered, rest = list_ordered(parse_dsl(make_dsl(lr_0=lr)))
    assert (ordered, rest) == (["reader_0", "lr_0"], {})


def test_an_order_puts_each_after_what_it_reads():
    first = {"module": "M", "input": {"data": {"data": ["reader_0.data"]}}}
    ordered, _ = list_ordered(parse_dsl({"components": {"a_0": first, "reader_0": READER}}))
    assert ordered == ["reader_0", "a_0"]
