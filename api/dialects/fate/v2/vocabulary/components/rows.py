"""FATE 2.x's components around rows: reading, matching, choosing, joining and measuring them."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.v2.vocabulary.component_ref import ComponentRef, Output, make_in_out
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, refuse_unless
from scheduler.domain.model import JsonObject

SPLIT: Final[Mapping[str, Any]] = {
    "train_size": None,
    "validate_size": None,
    "test_size": None,
    "stratified": False,
    "random_state": None,
    "hetero_sync": True,
}
SAMPLE: Final[Mapping[str, Any]] = {
    "replace": False,
    "frac": None,
    "n": None,
    "random_state": None,
    "hetero_sync": True,
}
EVALUATE: Final[Mapping[str, Any]] = {
    "default_eval_setting": "binary",
    "metrics": None,
    "predict_column_name": None,
    "label_column_name": None,
}


def translate_reader(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For Reader: the party's own table."""
    for name in ("name", "namespace"):
        if not isinstance(params[name], str) or not params[name]:
            raise FateParamError(name, "give each party its own table: set name and namespace in its party_tasks")
    return {"table": {"name": params["name"], "namespace": params["namespace"]}}


def translate_psi(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For Intersection, which compares ids by the same exchange of points, whatever the curve is called."""
    choose(params, "protocol", {"ecdh_psi": ""})
    return {"intersect_method": "ecdh"}


def translate_split(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For HeteroDataSplit, or HomoDataSplit without `hetero_sync`."""
    get_flag(params, "hetero_sync")
    return {name: params[name] for name in SPLIT if name != "hetero_sync"}


def translate_sample(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For FederatedSample: with replacement it is FATE 1.x's upsampling."""
    refuse_unless(params, "n", (None,), "give the share of rows as frac")
    shares = params["frac"]
    is_by_label = isinstance(shares, Mapping)
    return {
        "mode": "stratified" if is_by_label else "random",
        "method": "upsample" if get_flag(params, "replace") else "downsample",
        "fractions": [[label, share] for label, share in shares.items()] if is_by_label else shares,
        "random_state": params["random_state"],
        "task_type": "hetero" if get_flag(params, "hetero_sync") else "homo",
    }


def translate_evaluation(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For Evaluation, which takes all the measures of a kind of prediction."""
    for name in ("predict_column_name", "label_column_name"):
        refuse_unless(params, name, (None,), "predictions have their columns' names already: leave it out")
    kinds = {"none": "binary", **{name: name for name in ("binary", "multi", "regression")}}
    return {"eval_type": choose(params, "default_eval_setting", kinds)}


def translate_transformer(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For DataTransform, which leaves its table as the task's output."""
    for name in ("namespace", "name"):
        refuse_unless(params, name, (None,), "the table is the task's output: read it from there, and give it no name")
    return {"with_label": True}


def translate_nothing(_params: JsonObject, _stage: str) -> dict[str, Any]:
    """For modules that need no parameters."""
    return {}


def translate_toy(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For SecureAddExample."""
    return {"data_num": get_number(params, "data_num", whole=True)}


COMPONENTS: Final = (
    ComponentRef(
        name="reader",
        module="Reader",
        translate=translate_reader,
        params={"name": None, "namespace": None},
        outputs=make_in_out(),
    ),
    ComponentRef(
        name="dataframe_transformer",
        module="DataTransform",
        translate=translate_transformer,
        params={"namespace": None, "name": None, "site_name": None},
        inputs={"table": "data.data"},
        outputs=make_in_out(data="dataframe_output"),
    ),
    ComponentRef(
        name="psi",
        module="Intersection",
        translate=translate_psi,
        params={"protocol": "ecdh_psi", "curve_type": "curve25519"},
        inputs={"input_data": "data.data"},
        outputs=make_in_out(),
    ),
    ComponentRef(
        name="data_split",
        module="HeteroDataSplit",
        translate=translate_split,
        params=SPLIT,
        inputs={"input_data": "data.data"},
        outputs=tuple(
            Output(key=f"{name}_output_data", place=place) for place, name in enumerate(("train", "validate", "test"))
        ),
        unaligned="HomoDataSplit",
    ),
    ComponentRef(
        name="sample",
        module="FederatedSample",
        translate=translate_sample,
        params=SAMPLE,
        inputs={"input_data": "data.data"},
        outputs=make_in_out(),
    ),
    ComponentRef(
        name="union",
        module="Union",
        translate=translate_nothing,
        inputs={"input_datas": "data.data"},
        outputs=make_in_out(),
    ),
    ComponentRef(
        name="evaluation",
        module="Evaluation",
        translate=translate_evaluation,
        params=EVALUATE,
        inputs={"input_datas": "data.data"},
    ),
    ComponentRef(
        name="toy_example",
        module="SecureAddExample",
        translate=translate_toy,
        params={"data_num": 1024, "partition": 4},
    ),
)
