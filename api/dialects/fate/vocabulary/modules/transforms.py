"""FATE's modules that change columns in a way that is learned once and then applied again."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.columns import pick_columns
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, list_values, refuse_unless
from api.dialects.fate.vocabulary.params import NEED_RUN
from scheduler.domain.model import JsonObject

SCALE: Final[Mapping[str, Any]] = {
    "method": "standard_scale",
    "mode": "normal",
    "scale_col_indexes": -1,
    "scale_names": None,
    "feat_upper": None,
    "feat_lower": None,
    "with_mean": True,
    "with_std": True,
    NEED_RUN: True,
}
ENCODE: Final[Mapping[str, Any]] = {"transform_col_indexes": -1, "transform_col_names": None, NEED_RUN: True}
IMPUTE: Final[Mapping[str, Any]] = {
    "default_value": 0,
    "missing_fill_method": None,
    "col_missing_fill_method": None,
    "missing_impute": None,
    NEED_RUN: True,
}
RELABEL: Final[Mapping[str, Any]] = {"label_encoder": None, "label_list": None, NEED_RUN: True}
EXPAND: Final[Mapping[str, Any]] = {"append_header": None, "method": "manual", "fill_value": 1e-8, NEED_RUN: True}
FILLS: Final = {"none": "none", "min": "min", "max": "max", "mean": "mean", "median": "median", "designated": "value"}
GAPS: Final = ("", "none", "null", "na", "nan")
"""Texts for missing values, which DataTransform has made gaps already."""


def translate_scale(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `feature_scale`."""
    return {
        "method": choose(params, "method", {name: name for name in ("standard_scale", "min_max_scale")}),
        "mode": choose(params, "mode", {name: name for name in ("normal", "cap")}),
        "lower": _list_numbers(params, "feat_lower"),
        "upper": _list_numbers(params, "feat_upper"),
        "with_mean": get_flag(params, "with_mean"),
        "with_std": get_flag(params, "with_std"),
        **pick_columns(params, "scale_col_indexes", "scale_names"),
    }


def translate_encoder(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `one_hot_encoder`."""
    return pick_columns(params, "transform_col_indexes", "transform_col_names")


def translate_homo_encoder(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `homo_one_hot_encoder`."""
    return {
        "align": get_flag(params, "need_alignment"),
        **pick_columns(params, "transform_col_indexes", "transform_col_names"),
    }


def translate_imputation(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `feature_imputation`."""
    methods = params["col_missing_fill_method"] or {}
    if not isinstance(methods, Mapping):
        raise FateParamError("col_missing_fill_method", f"should be an object, column to method, not {methods!r}")
    listed = list_values(params, "missing_impute", (int, float, str), "a list of numbers")
    texts = [each for each in listed if isinstance(each, str) and each.casefold() not in GAPS]
    if texts:
        raise FateParamError("missing_impute", f"{texts[0]!r} is a text: list it in missing_impute of DataTransform")
    value = params["default_value"]
    several = isinstance(value, list)
    return {
        "method": choose(params, "missing_fill_method", FILLS),
        "methods": {column: _choose_fill(column, how) for column, how in methods.items()},
        "fill_value": 0 if several or value is None else get_number(params, "default_value"),
        "fill_values": _list_numbers(params, "default_value") if several else [],
        "also_missing": [each for each in listed if not isinstance(each, str)],
        "run": get_flag(params, NEED_RUN),
    }


def translate_labels(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `label_transform`, which tells labels by their text, so that `label_list` adds nothing."""
    encoder = params["label_encoder"] or {}
    values = encoder.values() if isinstance(encoder, Mapping) else [None]
    if any(not isinstance(each, int | float | str) or isinstance(each, bool) for each in values):
        raise FateParamError("label_encoder", f"should be an object, label to number or text, not {encoder!r}")
    labels = list_values(params, "label_list", (int, float, str), "a list of labels")
    if encoder and labels and len(labels) != len(encoder):
        raise FateParamError("label_list", f"has {len(labels)} labels, but label_encoder has {len(encoder)}")
    return {"encoder": dict(encoder), "run": get_flag(params, NEED_RUN)}


def translate_expansion(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `column_expand`."""
    refuse_unless(params, "method", ("manual",), "use manual, which takes the values from fill_value")
    names = list_values(params, "append_header", (str,), "a list of column names")
    given = params["fill_value"]
    several = isinstance(given, list)
    kinds, what = (int, float, str), "a number, a text, or a list of them"
    values = list_values({"fill_value": given if several else [given]}, "fill_value", kinds, what)
    if several and len(values) != len(names):
        raise FateParamError("fill_value", f"has {len(values)} values for {len(names)} columns in append_header")
    return {"names": names, "values": values or [0], "run": get_flag(params, NEED_RUN) and bool(names)}


def _choose_fill(column: str, how: Any) -> str:
    """The method of one column, whose name may hold dots."""
    try:
        return choose({"method": how}, "method", FILLS)
    except FateParamError as error:
        raise FateParamError(f"col_missing_fill_method.{column}", error.message.partition(": ")[2]) from error


def _list_numbers(params: JsonObject, name: str) -> list[Any]:
    given = params[name]
    listed = given if given is None or isinstance(given, list) else [given]
    return list_values({name: listed}, name, (int, float), "a number, or a list with one for each column")


DATA: Final = {"data": "data", "model": "model"}
MODULES: Final = (
    Module(
        name="FeatureScale",
        component="feature_scale",
        translate=translate_scale,
        params=SCALE,
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
    Module(
        name="OneHotEncoder",
        component="one_hot_encoder",
        translate=translate_encoder,
        params=ENCODE,
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
    Module(
        name="HomoOneHotEncoder",
        component="homo_one_hot_encoder",
        translate=translate_homo_encoder,
        roles=("guest", "host", "arbiter"),
        params={**ENCODE, "need_alignment": True},
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
    Module(
        name="FeatureImputation",
        component="feature_imputation",
        translate=translate_imputation,
        params=IMPUTE,
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
    Module(
        name="LabelTransform",
        component="label_transform",
        translate=translate_labels,
        params=RELABEL,
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
    Module(
        name="ColumnExpand",
        component="column_expand",
        translate=translate_expansion,
        params=EXPAND,
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
)
