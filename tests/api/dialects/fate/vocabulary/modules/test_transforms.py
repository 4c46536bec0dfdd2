import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.modules.transforms import MODULES
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin

COMPONENTS = {info.name: info for info in list_builtin()}


def translate(name, **params):
    """The component's parameters as its body gets them."""
    module = get_module(name, "test")
    return COMPONENTS[module.component].read_params(translate_params(module, params, "guest"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_defaults_translate_and_ports_exist(module):
    info = COMPONENTS[module.component]
    assert translate(module.name)
    assert {*module.inputs.values()} <= set(info.inputs)
    assert {*module.data, *module.models} == set(info.outputs)
    assert set(module.roles) <= set(info.roles or module.roles)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_need_run_false_hands_the_table_on(module):
    assert translate(module.name, need_run=False)["run"] is False


def test_scaling():
    found = translate("FeatureScale", method="Min_Max_Scale", mode="cap", feat_upper=0.9, scale_col_indexes=[1])
    assert (found["method"], found["mode"], found["upper"], found["lower"]) == ("min_max_scale", "cap", [0.9], [])
    assert (found["positions"], found["unknown_columns"]) == ([1], "ignore")
    assert translate("FeatureScale", feat_lower=[1, 2], with_mean=False)["lower"] == [1, 2]


def test_encoding():
    assert translate("OneHotEncoder", transform_col_indexes=None, transform_col_names=["x0"])["columns"] == ["x0"]
    assert translate("HomoOneHotEncoder", need_alignment=False)["align"] is False


def test_imputation():
    assert translate("FeatureImputation")["method"] == "none"
    found = translate(
        "FeatureImputation",
        missing_fill_method="designated",
        default_value=[1, 2.5],
        col_missing_fill_method={"x.1": "MAX"},
        missing_impute=[-1, "", "NaN"],
    )
    assert found["method"] == "value"
    assert (found["fill_values"], found["methods"], found["also_missing"]) == ([1, 2.5], {"x.1": "max"}, [-1])


def test_labels_and_new_columns():
    assert translate("LabelTransform", label_encoder={"B": 0, "M": 1}, label_list=["B", "M"])["encoder"] == {
        "B": 0,
        "M": 1,
    }
    found = translate("ColumnExpand", append_header=["a", "b"], fill_value=[1, "x"])
    assert (found["names"], found["values"]) == (["a", "b"], [1, "x"])
    assert translate("ColumnExpand", append_header=["a"], fill_value=3)["values"] == [3]


@pytest.mark.parametrize(
    ("name", "params", "text"),
    [
        (
            "FeatureScale",
            {"method": "log"},
            "parameter method: 'log' is not supported here: use standard_scale, min_max",
        ),
        ("FeatureScale", {"feat_upper": "a"}, "parameter feat_upper: should be a number"),
        ("FeatureScale", {"with_mean": 1}, "parameter with_mean: should be true or false"),
        ("FeatureScale", {"scale_colums": []}, "parameter scale_colums: there is no such parameter"),
        ("OneHotEncoder", {"transform_col_indexes": 4}, "parameter transform_col_indexes"),
        ("HomoOneHotEncoder", {"need_alignment": None}, "parameter need_alignment"),
        ("FeatureImputation", {"missing_impute": ["?"]}, "parameter missing_impute: '?' is a text"),
        (
            "FeatureImputation",
            {"missing_fill_method": "mode"},
            "parameter missing_fill_method: 'mode' is not supported",
        ),
        (
            "FeatureImputation",
            {"col_missing_fill_method": ["x"]},
            "parameter col_missing_fill_method: should be an object",
        ),
        (
            "FeatureImputation",
            {"col_missing_fill_method": {"x": "?"}},
            "parameter col_missing_fill_method.x: '?' is not",
        ),
        ("FeatureImputation", {"default_value": "a"}, "parameter default_value: should be a number"),
        ("LabelTransform", {"label_encoder": [1]}, "parameter label_encoder: should be an object"),
        ("LabelTransform", {"label_encoder": {"a": True}}, "parameter label_encoder: should be an object"),
        ("LabelTransform", {"label_encoder": {"a": 1}, "label_list": [1, 2]}, "parameter label_list: has 2 labels"),
        ("ColumnExpand", {"method": "auto"}, "parameter method: 'auto' is not supported here"),
        ("ColumnExpand", {"append_header": ["a"], "fill_value": [1, 2]}, "parameter fill_value: has 2 values for 1"),
        ("ColumnExpand", {"append_header": "a"}, "parameter append_header: should be a list of column names"),
        ("ColumnExpand", {"fill_value": None}, "parameter fill_value: should be a number, a text"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(name, params, text):
    with pytest.raises(FateParamError) as caught:
        translate(name, **params)
    assert text in caught.value.message
