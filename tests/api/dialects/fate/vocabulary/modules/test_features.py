import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.modules.features import MODULES
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin

COMPONENTS = {info.name: info for info in list_builtin()}
NEEDED = {"HeteroPearson": {"column_indexes": -1}}
"""What FATE itself asks for beyond its defaults."""


def translate(name, **params):
    """The component's parameters as its body gets them."""
    module = get_module(name, "test")
    return COMPONENTS[module.component].read_params(translate_params(module, params, "guest"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_defaults_translate_and_ports_exist(module):
    info = COMPONENTS[module.component]
    found = translate(module.name, **NEEDED.get(module.name, {}))
    assert found["columns"] == found["positions"] == []
    assert found["run"] is True
    assert {*module.inputs.values()} <= set(info.inputs)
    assert {*module.data, *module.models} == set(info.outputs)
    assert set(module.roles) == set(info.roles)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_need_run_false_hands_the_table_on(module):
    assert translate(module.name, need_run=False)["run"] is False


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_unknown_parameters_are_refused_with_the_nearest_name(module):
    name = next(iter(module.params))
    with pytest.raises(FateParamError, match=name):
        translate(module.name, **{name + "x": 1})


def test_binning_as_fates_examples_ask_for_it():
    found = translate("HeteroFeatureBinning")
    assert (found["method"], found["bins"], found["transform"], found["key_bits"]) == ("quantile", 10, "bins", 2048)
    found = translate(
        "HeteroFeatureBinning",
        method="optimal",
        bin_indexes=[0, 2],
        bin_names=["x5"],
        category_indexes=[1],
        transform_param={"transform_cols": [0], "transform_type": "woe"},
        optimal_binning_param={
            "metric_method": "chi-square", "min_bin_pct": 0.1, "max_bin_pct": 0.8, "init_bin_nums": 100, "mixture": False,
            "init_bucket_method": "bucket",
        },
        split_points_by_col_name={"x0": [0.1, 6]},
        split_points_by_index={"1": [1]},
    )  # fmt: skip
    assert (found["columns"], found["positions"], found["category_positions"]) == (["x5"], [0, 2], [1])
    assert (found["transform"], found["transform_positions"], found["unknown_columns"]) == ("woe", [0], "ignore")
    assert (found["metric"], found["min_share"], found["max_share"]) == ("chi_square", 0.1, 0.8)
    assert (found["start_bins"], found["start_method"], found["mixed"]) == (100, "bucket", False)
    assert (found["split_points"], found["split_points_by_position"]) == ({"x0": [0.1, 6]}, {"1": [1]})
    found = translate(
        "HeteroFeatureBinning", skip_static=True, local_only=True, transform_param={"transform_type": None}
    )
    assert (found["statistics"], found["local_only"], found["transform"]) == (False, True, "none")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"method": "virtual_summary"}, "method"),
        ({"encrypt_param": {"method": "IterativeAffine"}}, "encrypt_param.method"),
        ({"optimal_binning_param": {"metric_method": "entropy"}}, "metric_method"),
        ({"category_indexes": -1}, "category_indexes"),
        ({"split_points_by_index": [1]}, "split_points_by_index"),
        ({"transform_param": {"transform_type": "one_hot"}}, "transform_type"),
        ({"bin_num": "ten"}, "bin_num"),
    ],
)
def test_binning_refuses_what_it_does_not_do(params, text):
    with pytest.raises(FateParamError, match=text):
        translate("HeteroFeatureBinning", **params)


def test_homogeneous_binning():
    found = translate("HomoFeatureBinning", method="Recursive_Query", sample_bins=1000, max_iter=30)
    assert (found["method"], found["sample_points"], found["transform"]) == ("recursive_query", 1000, "bins")
    with pytest.raises(FateParamError, match="local_only: True is not supported here"):
        translate("HomoFeatureBinning", local_only=True)
    with pytest.raises(FateParamError, match="use bin_num, or null"):
        translate("HomoFeatureBinning", transform_param={"transform_type": "woe"})


def test_correlation():
    found = translate(
        "HeteroPearson", column_names=["x1"], cross_parties=False, calc_local_vif=False, use_mix_rand=True
    )
    assert (found["columns"], found["cross_parties"], found["vif"]) == (["x1"], False, False)
    assert translate("HeteroPearson", column_indexes=-1)["vif"] is True
    assert translate("HeteroPearson", column_indexes=-1, calc_local_vaf=False)["vif"] is False
    with pytest.raises(FateParamError, match="names no column: give -1"):
        translate("HeteroPearson")


def test_selection():
    with pytest.raises(FateParamError, match="use_anonymous: True is not supported here: columns have no anonymous"):
        translate("HeteroFeatureSelection", use_anonymous=True, manually_param={"filter_out_names": ["host_10000_x3"]})
    found = translate("HeteroFeatureSelection", select_col_indexes=[0, 1], filter_methods=["unique_value"])
    assert found["positions"] == [0, 1]
    assert found["filters"] == [{"kind": "unique", "threshold": 1e-5}]
    inputs = get_module("HeteroFeatureSelection", "test").inputs
    assert [inputs[f"isometric_model{place}"] for place in ("", ".1", ".2")] == ["source", "source_1", "source_2"]
