"""FATE's modules that judge columns and choose among them: binning, correlation, selection."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.columns import ALL, pick_columns, select_columns
from api.dialects.fate.vocabulary.filter_params import SELECTION, translate_filters
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.param_values import (
    choose,
    get_flag,
    get_number,
    get_value,
    list_values,
    refuse_unless,
)
from api.dialects.fate.vocabulary.params import ENCRYPTION, NEED_RUN
from scheduler.domain.model import JsonObject

TRANSFORM: Final[Mapping[str, Any]] = {"transform_cols": -1, "transform_names": None, "transform_type": "bin_num"}
BINNING: Final[Mapping[str, Any]] = {
    # Quantiles are exact here, so that how FATE approximates them changes nothing.
    "compress_thres": 10000,
    "head_size": 10000,
    "error": 0.001,
    "bin_num": 10,
    "bin_indexes": -1,
    "bin_names": None,
    "adjustment_factor": 0.5,
    "transform_param": TRANSFORM,
    "category_indexes": None,
    "category_names": None,
    "skip_static": False,
    NEED_RUN: True,
}
HETERO_BINNING: Final[Mapping[str, Any]] = {
    **BINNING,
    "method": "quantile",
    "local_only": False,
    "optimal_binning_param": {
        "metric_method": "iv",
        "min_bin_pct": 0.05,
        "max_bin_pct": 1.0,
        "init_bin_nums": 1000,
        "mixture": True,
        "init_bucket_method": "quantile",
        "max_bin": None,
        "adjustment_factor": None,
    },
    "split_points_by_index": None,
    "split_points_by_col_name": None,
    "encrypt_param": ENCRYPTION,
}
HOMO_BINNING: Final[Mapping[str, Any]] = {
    **BINNING,
    "method": "virtual_summary",
    "sample_bins": 100,
    "max_iter": 100,
    "local_only": False,
}
PEARSON: Final[Mapping[str, Any]] = {
    "column_names": None,
    "column_indexes": None,
    "cross_parties": True,
    "use_mix_rand": False,
    "calc_local_vif": True,
    # What FATE 1.6's server called it, while its client said vif already.
    "calc_local_vaf": True,
    NEED_RUN: True,
}
METRICS: Final = {"iv": "iv", "gini": "gini", "ks": "ks", "chi_square": "chi_square", "chi-square": "chi_square"}


def translate_hetero_binning(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `hetero_feature_binning`."""
    choose(params, "encrypt_param.method", {"paillier": ""})
    optimal = "optimal_binning_param"
    return {
        **_translate_binning(params, woe=True),
        "method": choose(params, "method", {name: name for name in ("quantile", "bucket", "optimal")}),
        "adjustment": get_number(params, "adjustment_factor"),
        "statistics": not get_flag(params, "skip_static"),
        "local_only": get_flag(params, "local_only"),
        "metric": choose(params, f"{optimal}.metric_method", METRICS),
        "min_share": get_number(params, f"{optimal}.min_bin_pct"),
        "max_share": get_number(params, f"{optimal}.max_bin_pct"),
        "mixed": get_flag(params, f"{optimal}.mixture"),
        "start_bins": get_number(params, f"{optimal}.init_bin_nums", whole=True),
        "start_method": choose(params, f"{optimal}.init_bucket_method", {"quantile": "quantile", "bucket": "bucket"}),
        "split_points": _read_points(params, "split_points_by_col_name"),
        "split_points_by_position": _read_points(params, "split_points_by_index"),
        "key_bits": get_number(params, "encrypt_param.key_length", whole=True),
    }


def translate_homo_binning(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `homo_feature_binning`, whose searches end by themselves, so that `max_iter` changes nothing."""
    methods = {name: name for name in ("virtual_summary", "recursive_query")}
    refuse_unless(params, "local_only", (False,), "the split points are those of all parties")
    return {
        **_translate_binning(params, woe=False),
        "method": choose(params, "method", methods),
        "sample_points": get_number(params, "sample_bins", whole=True),
    }


def translate_pearson(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `hetero_pearson`, whose shares are random in any case, so that `use_mix_rand` changes nothing."""
    chosen = select_columns(params, "column_indexes", "column_names")
    if get_flag(params, NEED_RUN) and params["column_indexes"] != ALL and not any(chosen.values()):
        raise FateParamError("column_indexes", "names no column: give -1 for all, or list some (or in column_names)")
    return {
        **pick_columns(params, "column_indexes", "column_names"),
        "cross_parties": get_flag(params, "cross_parties"),
        "vif": get_flag(params, "calc_local_vif") and get_flag(params, "calc_local_vaf"),
    }


def translate_selection(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `hetero_feature_selection`."""
    refuse_unless(params, "use_anonymous", (False,), "columns have no anonymous names here: give their own")
    return {**pick_columns(params, "select_col_indexes", "select_names"), "filters": translate_filters(params)}


def _translate_binning(params: JsonObject, *, woe: bool) -> dict[str, Any]:
    categories = select_columns(params, "category_indexes", "category_names")
    if params["category_indexes"] == ALL:
        raise FateParamError("category_indexes", "-1 is not supported here: list the columns of categories")
    return {
        **pick_columns(params, "bin_indexes", "bin_names"),
        "bins": get_number(params, "bin_num", whole=True),
        "category_columns": categories["columns"],
        "category_positions": categories["positions"],
        "unknown_columns": "ignore",
        **_translate_transform(params, woe=woe),
    }


def _translate_transform(params: JsonObject, *, woe: bool) -> dict[str, Any]:
    given = get_value(params, "transform_param") or {}
    kind = choose(params, "transform_param.transform_type", {"none": "none", "bin_num": "bins", "woe": "woe"})
    if not woe:
        refuse_unless(params, "transform_param.transform_type", ("bin_num", None), "use bin_num, or null for none")
    cols, names = given.get("transform_cols", ALL), given.get("transform_names")
    if cols == ALL:
        return {"transform": kind}
    places = list_values({"transform_cols": cols}, "transform_cols", (int,), "-1 or a list of places, from 0")
    listed = list_values({"transform_names": names}, "transform_names", (str,), "a list of column names")
    if not places and not listed:
        return {"transform": "none"}
    return {"transform": kind, "transform_positions": places, "transform_columns": listed}


def _read_points(params: JsonObject, name: str) -> dict[str, list[Any]]:
    given = params[name] or {}
    if not isinstance(given, Mapping):
        raise FateParamError(name, f"should be an object, column to split points, not {given!r}")
    return {
        str(column): list_values({name: points}, name, (int, float), "an object of lists of numbers")
        for column, points in given.items()
    }


DATA: Final = {"data": "data", "model": "model"}
MODULES: Final = (
    Module(
        name="HeteroFeatureBinning",
        component="hetero_feature_binning",
        translate=translate_hetero_binning,
        params=HETERO_BINNING,
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
    Module(
        name="HomoFeatureBinning",
        component="homo_feature_binning",
        translate=translate_homo_binning,
        roles=("guest", "host", "arbiter"),
        params=HOMO_BINNING,
        inputs=DATA,
        data=("data",),
        models=("model",),
    ),
    Module(
        name="HeteroPearson",
        component="hetero_pearson",
        translate=translate_pearson,
        params=PEARSON,
        inputs={"data": "data"},
        data=("data",),
        models=("model",),
    ),
    Module(
        name="HeteroFeatureSelection",
        component="hetero_feature_selection",
        translate=translate_selection,
        params=SELECTION,
        inputs={
            **DATA,
            "isometric_model": "source",
            "isometric_model.1": "source_1",
            "isometric_model.2": "source_2",
            "isometric_model.3": "source_3",
        },
        data=("data",),
        models=("model",),
    ),
)
