"""FATE 2.x's components that judge, choose and change columns."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.v2.vocabulary.component_ref import MODEL, PREDICT, TRAIN, TRAINED, ComponentRef, Output
from api.dialects.fate.v2.vocabulary.learning import ENCRYPTION, translate_encryption
from api.dialects.fate.vocabulary.param_values import (
    choose,
    get_flag,
    get_number,
    get_value,
    list_values,
    refuse_unless,
)
from scheduler.domain.model import JsonObject

ALL: Final = -1
FILTERS: Final = {"manual": "manually", "iv": "iv_filter", "statistics": "statistic_filter"}
FILTER: Final = ("metrics", "filter_type", "threshold", "take_high")
STATISTICS: Final = {"std": "stddev", "var": "variance", "coefficient_of_variation": "coefficient_of_variance"}
SCALE: Final[Mapping[str, Any]] = {
    "method": "standard",
    "feature_range": None,
    "scale_col": None,
    "scale_idx": None,
    "strict_range": True,
    "use_anonymous": False,
}
BINNING: Final[Mapping[str, Any]] = {
    "method": "quantile",
    "n_bins": 10,
    "split_pt_dict": None,
    "bin_col": None,
    "bin_idx": None,
    "category_col": None,
    "category_idx": None,
    "use_anonymous": False,
    "transform_method": None,
    "skip_metrics": False,
    "local_only": False,
    # Quantiles are exact here, so that how FATE approximates them changes nothing.
    "relative_error": 1e-6,
    "adjustment_factor": 0.5,
    "he_param": ENCRYPTION,
}
SELECTION: Final[Mapping[str, Any]] = {
    "method": ["manual"],
    "select_col": None,
    # FATE holds hosts to limits of their own; here they have the guest's, and may be given those again.
    "iv_param": {
        "metrics": ["iv"], "filter_type": ["threshold"], "threshold": [1.0], "take_high": [True],
        "host_filter_type": None, "host_threshold": None, "host_take_high": None, "select_federated": True,
    },
    "statistic_param": {"metrics": ["mean"], "filter_type": ["threshold"], "threshold": [1.0], "take_high": [True]},
    "manual_param": {"keep_col": [], "filter_out_col": []},
    "keep_one": True,
    "use_anonymous": False,
}  # fmt: skip
MEASURE: Final[Mapping[str, Any]] = {
    "metrics": ["mean", "std", "min", "max"],
    "ddof": 1,
    "bias": True,
    "relative_error": 1e-3,
    "skip_col": None,
    "use_anonymous": False,
}
CORRELATION: Final[Mapping[str, Any]] = {
    "local_only": False,
    "calc_local_vif": True,
    "skip_col": None,
    "use_anonymous": False,
}
LEARNED: Final = {"train_data": "data.data", "test_data": "data.data", "input_model": "model"}


def translate_scale(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For FeatureScale."""
    refuse_unless(params, "feature_range", (None, [0, 1]), "columns are scaled to 0 and 1")
    refuse_unless(
        params, "strict_range", (True,), "values outside of the range that was learned are cut off at its ends"
    )
    _check_names(params)
    return {
        "method": choose(params, "method", {"standard": "standard_scale", "min_max": "min_max_scale"}),
        **_pick(params, ("scale_col", "scale_names"), ("scale_idx", "scale_col_indexes")),
    }


def translate_binning(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For HeteroFeatureBinning."""
    _check_names(params)
    points = get_value(params, "split_pt_dict")
    method = choose(params, "method", {"quantile": "quantile", "bucket": "bucket", "manual": "quantile"})
    if params["method"] == "manual" and not points:
        raise FateParamError("split_pt_dict", "give the split points of each column with the method manual")
    return {
        "method": method,
        "bin_num": get_number(params, "n_bins", whole=True),
        "split_points_by_col_name": points,
        **_pick(params, ("bin_col", "bin_names"), ("bin_idx", "bin_indexes")),
        "category_names": params["category_col"],
        "category_indexes": params["category_idx"],
        "transform_param": {
            "transform_type": choose(params, "transform_method", {"none": None, "woe": "woe", "bin_idx": "bin_num"})
        },
        "skip_static": get_flag(params, "skip_metrics"),
        "local_only": get_flag(params, "local_only"),
        "adjustment_factor": get_number(params, "adjustment_factor"),
        "encrypt_param": translate_encryption(params),
    }


def translate_selection(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For HeteroFeatureSelection."""
    refuse_unless(params, "keep_one", (True,), "each filter leaves a party at least one column")
    _check_names(params)
    methods = [
        choose({"method": each}, "method", FILTERS)
        for each in list_values(params, "method", (str,), "a list of filters")
    ]
    iv, statistic = _list_filter(params, "iv_param"), _list_filter(params, "statistic_param")
    _check_hosts(iv)
    columns = list_values(params, "select_col", (str,), "a list of column names")
    return {
        "filter_methods": methods,
        **({"select_names": columns, "select_col_indexes": []} if columns else {}),
        "iv_param": {
            **{name: iv[name] for name in FILTER},
            "select_federated": get_value(params, "iv_param.select_federated"),
        },
        "statistic_param": statistic | {"metrics": [_rename_statistic(name) for name in statistic["metrics"]]},
        "manually_param": {
            "keep_col": get_value(params, "manual_param.keep_col"),
            "filter_out_names": get_value(params, "manual_param.filter_out_col"),
        },
    }


def translate_statistics(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For DataStatistics, whose percentiles are exact."""
    _check_names(params)
    given = params["metrics"]
    listed = list_values({"metrics": given if isinstance(given, list) else [given]}, "metrics", (str,), "names")
    refuse_unless(params, "ddof", (1,), "standard deviations are those of a sample")
    return {"statistics": [_rename_statistic(name) for name in listed], "bias": get_flag(params, "bias")}


def _rename_statistic(name: Any) -> Any:
    """FATE 1.x's name of one of 2.x's statistics."""
    return STATISTICS.get(name, name) if isinstance(name, str) else name


def translate_correlation(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For HeteroPearson."""
    _check_names(params)
    return {
        "column_indexes": ALL,
        "cross_parties": not get_flag(params, "local_only"),
        "calc_local_vif": get_flag(params, "calc_local_vif"),
    }


def _check_names(params: JsonObject) -> None:
    """Columns have one name each, and those that are not wanted cannot be named."""
    refuse_unless(params, "use_anonymous", (False,), "columns have no anonymous names here: give their own")
    if params.get("skip_col"):
        raise FateParamError("skip_col", "columns cannot be left out here: select features before")


def _pick(params: JsonObject, names: tuple[str, str], places: tuple[str, str]) -> dict[str, Any]:
    """The columns named or counted; all where neither is given."""
    listed, counted = params[names[0]], params[places[0]]
    if listed is None and counted is None:
        return {names[1]: None, places[1]: ALL}
    return {names[1]: listed, places[1]: [] if counted is None else counted}


def _list_filter(params: JsonObject, where: str) -> dict[str, list[Any]]:
    """A filter's parameters as lists of one length: a single value, or a list of one, stands for all metrics."""
    names = (*FILTER, *(f"host_{name}" for name in FILTER[1:]))
    known = {**SELECTION[where], **{name: value for name, value in params[where].items() if value is not None}}
    given = {name: known[name] for name in names if known.get(name) is not None}
    lists = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    most = max(map(len, lists.values()), default=0)
    return {name: listed * most if len(listed) == 1 else listed for name, listed in lists.items()}


def _check_hosts(iv: Mapping[str, list[Any]]) -> None:
    for name in FILTER[1:]:
        own = iv.get(f"host_{name}")
        if own is not None and own != iv.get(name):
            raise FateParamError(f"iv_param.host_{name}", f"hosts have the guest's {name} here: leave it out")


COMPONENTS: Final = (
    ComponentRef(
        name="feature_scale",
        module="FeatureScale",
        translate=translate_scale,
        params=SCALE,
        inputs=LEARNED,
        outputs=TRAINED,
    ),
    ComponentRef(
        name="hetero_feature_binning",
        module="HeteroFeatureBinning",
        translate=translate_binning,
        params=BINNING,
        inputs=LEARNED,
        outputs=TRAINED,
    ),
    ComponentRef(
        name="hetero_feature_selection",
        module="HeteroFeatureSelection",
        translate=translate_selection,
        params=SELECTION,
        inputs={**LEARNED, "input_models": "isometric_model"},
        outputs=(
            Output(key="train_output_data", stages=(TRAIN, "default")),
            Output(key="test_output_data", stages=(PREDICT,)),
            Output(key="train_output_model", kind=MODEL, stages=(TRAIN, "default")),
        ),
    ),
    ComponentRef(
        name="statistics",
        module="DataStatistics",
        translate=translate_statistics,
        params=MEASURE,
        inputs={"input_data": "data.data"},
        outputs=(Output(key="output_model", kind=MODEL),),
    ),
    ComponentRef(
        name="feature_correlation",
        module="HeteroPearson",
        translate=translate_correlation,
        params=CORRELATION,
        inputs={"input_data": "data.data"},
        outputs=(Output(key="output_model", kind=MODEL),),
    ),
)
