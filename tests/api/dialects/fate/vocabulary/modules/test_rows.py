import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.modules.rows import MODULES
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin
from workers.components.column_statistics import NAMES

COMPONENTS = {info.name: info for info in list_builtin()}


def translate(name, **params):
    """The component's parameters as its body gets them."""
    module = get_module(name, "test")
    return COMPONENTS[module.component].read_params(translate_params(module, params, "guest"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_defaults_translate_and_ports_exist(module):
    info = COMPONENTS[module.component]
    assert translate(module.name)["run"] is True
    assert translate(module.name, need_run=False)["run"] is False
    assert {*module.inputs.values()} <= set(info.inputs)
    assert {*module.data, *module.models} == set(info.outputs)


def test_every_table_of_a_union_has_a_port():
    inputs = get_module("Union", "test").inputs
    assert inputs["data"] == "data"
    assert inputs["data.1"] == "data_2"
    assert set(inputs.values()) == set(COMPONENTS["union"].inputs)


def test_statistics():
    found = translate("DataStatistics", statistics=["95%", "count"], column_indexes=[0], abnormal_list=[-1])
    assert found["statistics"] == ["summary", "95%", "count"]
    assert (found["positions"], found["ignore_values"]) == ([0], [-1])
    assert translate("DataStatistics", statistics=list(NAMES))["statistics"] == ["summary", *NAMES]


def test_weights():
    assert translate("SampleWeight", class_weight="Balanced")["balanced"] is True
    found = translate("SampleWeight", class_weight={"0": 1, 1: 2}, sample_weight_name="w", normalize=True)
    assert (found["class_weights"], found["weight_column"], found["normalize"]) == ({"0": 1, "1": 2}, "w", True)


def test_baseline():
    options = {
        "penalty": "l2",
        "C": 0.5,
        "solver": "saga",
        "max_iter": 2,
        "multi_class": "ovr",
        "class_weight": "balanced",
    }
    found = translate("LocalBaseline", model_opts=options, predict_param={"threshold": 0.4})
    assert (found["c"], found["max_iter"], found["multi_class"], found["balanced"]) == (0.5, 2, "ovr", True)
    assert found["threshold"] == 0.4
    assert translate("LocalBaseline")["multi_class"] == "multinomial"
    assert translate("LocalBaseline", model_opts={"solver": "liblinear"})["multi_class"] == "ovr"
    assert translate("LocalBaseline", model_opts={"penalty": None})["penalty"] == "none"


@pytest.mark.parametrize(
    ("name", "params", "text"),
    [
        (
            "DataStatistics",
            {"statistics": "mode"},
            "parameter statistics: there is no statistic 'mode': use summary, sum",
        ),
        ("DataStatistics", {"abnormal_list": ["x"]}, "parameter abnormal_list: should be a list of numbers"),
        ("DataStatistics", {"quantile_error": None}, "parameter quantile_error: should be a number"),
        ("Union", {"keep_duplicate": 1}, "parameter keep_duplicate: should be true or false"),
        ("Union", {"allow_missing": "no"}, "parameter allow_missing"),
        ("SampleWeight", {"class_weight": "even"}, "parameter class_weight: should be balanced"),
        ("SampleWeight", {"class_weight": {"1": -2}}, "parameter class_weight.1: a weight is a number from 0 up"),
        ("SampleWeight", {"sample_weight_name": 3}, "parameter sample_weight_name: should be a column's name"),
        ("LocalBaseline", {"model_name": "SVC"}, "parameter model_name: 'SVC' is not supported"),
        ("LocalBaseline", {"model_opts": {"penalty": "l1"}}, "parameter model_opts.penalty: 'l1' is not supported"),
        ("LocalBaseline", {"model_opts": {"dual": True}}, "parameter model_opts.dual"),
        (
            "LocalBaseline",
            {"model_opts": {"gamma": 1}},
            "parameter model_opts.gamma: there is no such option: use penalty",
        ),
        (
            "LocalBaseline",
            {"model_opts": {"solver": "newton"}},
            "parameter model_opts.solver: 'newton' is not supported",
        ),
        ("LocalBaseline", {"model_opts": [1]}, "parameter model_opts: should be an object"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(name, params, text):
    with pytest.raises(FateParamError) as caught:
        translate(name, **params)
    assert text in caught.value.message
