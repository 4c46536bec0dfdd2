import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.modules.basic import MODULES
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin

COMPONENTS = {info.name: info for info in list_builtin()}
TABLE = {"name": "breast", "namespace": "experiment"}


def translate(name, role="guest", **params):
    """The component's parameters as its body gets them."""
    module = get_module(name, "test")
    return COMPONENTS[module.component].read_params(translate_params(module, params, role))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_defaults_translate(module):
    assert translate(module.name, **({"table": TABLE} if module.name == "Reader" else {}))


def test_a_reader_reads_the_table_of_its_party():
    assert translate("Reader", table=TABLE) == {"table": "breast", "namespace": "experiment"}
    for wrong in ({}, {"name": "breast"}, None, "breast"):
        with pytest.raises(FateParamError, match="parameter table: give each host its own table"):
            translate("Reader", "host", table=wrong)


def test_labels_are_read_only_where_they_are_said_to_be():
    assert translate("DataTransform", with_label=True, label_name="t", label_type="float64")["label_column"] == "t"
    assert translate("DataTransform", with_label=True, label_type="float64")["label_type"] == "float"
    assert translate("DataIO", with_label=False, label_name="y")["label_column"] == ""


def test_a_transform_takes_the_first_column_for_ids_and_its_model_prepares_later_tables():
    assert translate("DataIO")["id_column"] == ""
    module = get_module("DataTransform", "test")
    assert (module.models, module.inputs["model"], module.predictor) == (("model",), "model", "")


@pytest.mark.parametrize(
    ("given", "fill"),
    [
        ({}, "keep"),
        ({"missing_fill_method": "mean"}, "keep"),
        ({"missing_fill": True}, "value"),
        ({"missing_fill": True, "missing_fill_method": "designated", "default_value": 7}, "value"),
        ({"missing_fill": True, "missing_fill_method": "max"}, "max"),
        # Without a list of outliers FATE takes gaps for them.
        ({"outlier_replace": True}, "value"),
        ({"outlier_replace": True, "outlier_replace_value": 7}, "value"),
        ({"outlier_replace": True, "outlier_replace_method": "min"}, "min"),
        ({"outlier_replace": True, "outlier_impute": [], "outlier_replace_method": ""}, "keep"),
        ({"outlier_replace": True, "outlier_replace_value": 7, "missing_fill": True}, "value"),
    ],
)
def test_gaps_are_filled_as_asked_and_else_kept(given, fill):
    found = translate("DataTransform", **given)
    assert found["fill"] == fill
    value = "default_value" if given.get("missing_fill") else "outlier_replace_value"
    assert found["fill_value"] == given.get(value, 0)


def test_texts_that_count_as_missing_are_the_jobs():
    assert translate("DataTransform", missing_impute=["", -999])["missing"] == ["", "-999"]


@pytest.mark.parametrize(
    ("name", "given", "where"),
    [
        ("DataTransform", {"exclusive_data_type": ["x0"]}, "exclusive_data_type"),
        ("DataTransform", {"input_format": "tag"}, "input_format"),
        ("DataTransform", {"data_type": "str"}, "data_type"),
        ("DataTransform", {"exclusive_data_type": {"x0": "str"}}, r"exclusive_data_type\.x0"),
        ("DataTransform", {"outlier_impute": [1]}, "outlier_impute"),
        ("DataTransform", {"with_match_id": True}, "with_match_id"),
        ("DataTransform", {"with_label": True, "label_type": "str"}, "label_type"),
        ("DataTransform", {"missing_fill": True, "default_value": [1, 2]}, "default_value"),
        ("DataTransform", {"with_label": "yes"}, "with_label"),
        ("Intersection", {"join_method": "left_join"}, "join_method"),
        ("Intersection", {"run_cache": True}, "run_cache"),
        ("Intersection", {"repeated_id_process": True}, "repeated_id_process"),
        ("Intersection", {"sync_intersect_ids": False}, "sync_intersect_ids"),
        ("Intersection", {"intersect_method": "psi"}, "intersect_method"),
        ("Evaluation", {"eval_type": "clustering"}, "eval_type"),
        ("Evaluation", {"pos_label": 2}, "pos_label"),
        ("Evaluation", {"unfold_multi_result": True}, "unfold_multi_result"),
        ("SecureAddExample", {"data_num": "many"}, "data_num"),
        ("Reader", {"tables": {}}, "tables"),
    ],
)
def test_what_is_not_done_is_refused_by_name(name, given, where):
    with pytest.raises(FateParamError, match=f"parameter {where}: "):
        translate(name, **given)


def test_ids_are_compared_in_the_safe_way_also_where_a_job_says_raw():
    assert translate("Intersection", intersect_method="raw", with_encode=True)["method"] == "ecdh"
    assert translate("intersect", only_output_key=True)["only_ids"] is True


def test_the_toy_takes_the_seeds_of_its_parties():
    assert translate("secure_add_example", seed=321, data_num=5, partition=10)["length"] == 5
