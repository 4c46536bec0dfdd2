"""FATE's modules around a model: readers, transforms, the intersection, evaluation, and the toy example."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, get_value, refuse_unless
from scheduler.domain.model import JsonObject

NUMERIC: Final = ("int", "int64", "long", "float", "float64")
LABELS: Final[Mapping[str, str]] = {name: "int" if name in NUMERIC[:3] else "float" for name in NUMERIC}
TRANSFORM: Final[Mapping[str, Any]] = {
    "input_format": "dense",
    "delimitor": ",",
    "data_type": "float64",
    "exclusive_data_type": None,
    "tag_with_value": False,
    "tag_value_delimitor": ":",
    "missing_fill": False,
    "default_value": 0,
    "missing_fill_method": None,
    "missing_impute": None,
    "outlier_replace": False,
    "outlier_replace_method": None,
    "outlier_impute": None,
    "outlier_replace_value": 0,
    "with_label": False,
    "label_name": "y",
    "label_type": "int",
    "output_format": "dense",
    "with_match_id": False,
    "match_id_name": None,
    "match_id_index": 0,
}
INTERSECT: Final[Mapping[str, Any]] = {
    "intersect_method": "rsa",
    "random_bit": 128,
    "sync_intersect_ids": True,
    "join_role": "guest",
    "only_output_key": False,
    "with_encode": False,
    "encode_params": {},
    "raw_params": {},
    "rsa_params": {},
    "dh_params": {},
    "ecdh_params": {},
    "join_method": "inner_join",
    "new_sample_id": False,
    "new_join_id": False,
    "sample_id_generator": "guest",
    "intersect_cache_param": {},
    "run_cache": False,
    "cardinality_only": False,
    "sync_cardinality": False,
    "cardinality_method": "ecdh",
    "run_preprocess": False,
    "intersect_preprocess_params": {},
    "repeated_id_process": False,
    "repeated_id_owner": "guest",
    "with_sample_id": False,
    "allow_info_share": False,
    "info_owner": "guest",
}
EVALUATE: Final[Mapping[str, Any]] = {
    "eval_type": "binary",
    "pos_label": 1,
    "metrics": None,
    "run_clustering_arbiter_metric": False,
    "unfold_multi_result": False,
}


def translate_reader(params: JsonObject, role: str) -> dict[str, Any]:
    """For `reader`: the table of the party itself."""
    table = params["table"]
    name, namespace = get_value(params, "table.name"), get_value(params, "table.namespace")
    if not isinstance(table, Mapping) or not name or not namespace:
        raise FateParamError("table", f"give each {role} its own table, as an object with name and namespace")
    return {"table": str(name), "namespace": str(namespace)}


def translate_transform(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `data_transform`, which takes a table's first column for the ids, as FATE does.

    What only says how text was written down changes nothing: tables have been read already. With an input model its
    features, label and filling count.
    """
    refuse_unless(params, "input_format", ("dense",), "upload a table with one column for each feature and use dense")
    choose(params, "data_type", LABELS)
    kinds = params["exclusive_data_type"] or {}
    if not isinstance(kinds, Mapping):
        raise FateParamError("exclusive_data_type", f"should be an object, column to type, not {kinds!r}")
    for column, kind in kinds.items():
        choose({"exclusive_data_type": {column: kind}}, f"exclusive_data_type.{column}", LABELS)
    why = "outliers are not replaced; clean the table before, or list the values in missing_impute"
    refuse_unless(params, "outlier_impute", (None, []), why)
    refuse_unless(params, "with_match_id", (False,), "samples are matched by their id column only")
    with_label = get_flag(params, "with_label")
    return {
        "id_column": "",
        "label_column": str(params["label_name"]) if with_label else "",
        "label_type": choose(params, "label_type", LABELS) if with_label else "int",
        **_translate_filling(params),
    }


def _translate_filling(params: JsonObject) -> dict[str, Any]:
    missing = params["missing_impute"]
    listed = missing if isinstance(missing, list) else [missing]
    texts: dict[str, Any] = {} if not missing else {"missing": [str(each) for each in listed]}
    if get_flag(params, "missing_fill"):
        return {**texts, **_read_fill(params, "missing_fill_method", "default_value")}
    if get_flag(params, "outlier_replace") and params["outlier_impute"] is None:
        # Where no outliers are listed, FATE takes gaps for them.
        return {**texts, **_read_fill(params, "outlier_replace_method", "outlier_replace_value")}
    return {**texts, "fill": "keep"}


def _read_fill(params: JsonObject, method: str, value: str) -> dict[str, Any]:
    known = {"none": "value", "designated": "value", "min": "min", "max": "max", "mean": "mean"}
    fill = choose(params, method, known)
    if fill != "value":
        return {"fill": fill}
    return {"fill": fill, "fill_value": 0 if params[value] is None else get_number(params, value)}


def translate_intersect(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `intersection`, which always compares ids in the same safe way, whatever the method is called.

    Also for `raw`: the rows are the same, and ids that all can be hashed are no secret.
    """
    refuse_unless(params, "join_method", ("inner_join",), "only ids that all parties have are kept: use inner_join")
    refuse_unless(params, "sync_intersect_ids", (True,), "every party gets its own rows of the common ids")
    for name in ("new_sample_id", "new_join_id", "with_sample_id", "repeated_id_process"):
        refuse_unless(params, name, (False,), "each id stands once in a table; let a DataTransform drop repeated ones")
    refuse_unless(params, "run_cache", (False,), "ids are compared anew in each job")
    refuse_unless(params, "allow_info_share", (False,), "no column of a party is given to another")
    return {
        "method": choose(params, "intersect_method", {"rsa": "rsa", "dh": "dh", "ecdh": "ecdh", "raw": "ecdh"}),
        "only_ids": get_flag(params, "only_output_key"),
        "cardinality_only": get_flag(params, "cardinality_only"),
    }


def translate_evaluation(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `evaluation`, which always measures all that it knows for the kind of prediction."""
    refuse_unless(params, "pos_label", (1, "1", None), "labels are 0 and 1, and 1 is the positive one")
    refuse_unless(params, "unfold_multi_result", (False,), "classes are measured together")
    return {"eval_type": choose(params, "eval_type", {name: name for name in ("binary", "multi", "regression")})}


def translate_toy(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `toy`: its vectors follow from who holds them, so FATE's seeds and partitions change nothing."""
    return {"length": get_number(params, "data_num", whole=True)}


DATA: Final[Mapping[str, str]] = {"data": "data"}
MODULES: Final = (
    Module(
        name="Reader",
        component="reader",
        translate=translate_reader,
        params={"table": {}},
        data=("data",),
    ),
    Module(
        name="DataTransform",
        component="data_transform",
        translate=translate_transform,
        aliases=("DataIO",),
        params=TRANSFORM,
        inputs={**DATA, "model": "model"},
        data=("data",),
        models=("model",),
    ),
    Module(
        name="Intersection",
        component="intersection",
        translate=translate_intersect,
        aliases=("Intersect",),
        params=INTERSECT,
        inputs=DATA,
        data=("data",),
    ),
    Module(
        name="Evaluation",
        component="evaluation",
        translate=translate_evaluation,
        aliases=("Evaluate",),
        params=EVALUATE,
        inputs=dict.fromkeys(("data", "train_data", "validate_data", "test_data", "eval_data"), "data"),
        needs_deploy=False,
    ),
    Module(
        name="SecureAddExample",
        component="toy",
        translate=translate_toy,
        aliases=("secure_add_example",),
        params={"seed": None, "partition": 1, "data_num": 1000},
        needs_deploy=False,
    ),
)
