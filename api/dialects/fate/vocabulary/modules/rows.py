"""FATE's modules around a party's own rows: statistics, union, weights, and the baseline model."""

import re
from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.columns import pick_columns
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.param_values import (
    choose,
    get_flag,
    get_number,
    get_value,
    list_values,
    refuse_unless,
)
from api.dialects.fate.vocabulary.params import NEED_RUN
from scheduler.domain.model import JsonObject

STATISTICS: Final[Mapping[str, Any]] = {
    "statistics": "summary",
    "column_names": None,
    "column_indexes": -1,
    "abnormal_list": None,
    "quantile_error": 1e-4,
    "bias": True,
    NEED_RUN: True,
}
NAMES: Final = (
    "summary",
    "sum",
    "mean",
    "stddev",
    "median",
    "min",
    "max",
    "missing_ratio",
    "missing_count",
    "skewness",
    "kurtosis",
    "coefficient_of_variance",
    "count",
    "variance",
)
PERCENTILE: Final = re.compile(r"(100|[1-9]?[0-9])%")
UNION: Final[Mapping[str, Any]] = {"allow_missing": False, "keep_duplicate": False, NEED_RUN: True}
WEIGHT: Final[Mapping[str, Any]] = {
    "class_weight": None,
    "sample_weight_name": None,
    "normalize": False,
    NEED_RUN: True,
}
BASELINE: Final[Mapping[str, Any]] = {
    "model_name": "LogisticRegression",
    "model_opts": None,
    "predict_param": {"threshold": 0.5},
    NEED_RUN: True,
}
OPTIONS: Final[Mapping[str, Any]] = {
    "penalty": "l2",
    "dual": False,
    "tol": 1e-4,
    "C": 1.0,
    "fit_intercept": True,
    "intercept_scaling": 1,
    "class_weight": None,
    "random_state": None,
    "solver": "lbfgs",
    "max_iter": 100,
    "multi_class": "auto",
    "verbose": 0,
    "warm_start": False,
    "n_jobs": None,
    "l1_ratio": None,
}
"""scikit-learn's LogisticRegression at the version that FATE 1.11 runs with; all its solvers reach the same minimum."""
SOLVERS: Final = ("newton-cg", "lbfgs", "liblinear", "sag", "saga")


def translate_statistics(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `data_statistics`, whose percentiles are exact, so that `quantile_error` changes nothing."""
    given = params["statistics"]
    listed = list_values({"statistics": given if isinstance(given, list) else [given]}, "statistics", (str,), "names")
    unknown = [name for name in listed if name not in NAMES and not PERCENTILE.fullmatch(name)]
    if unknown:
        raise FateParamError(
            "statistics", f"there is no statistic {unknown[0]!r}: use {', '.join(NAMES)}, or percentiles such as 25%"
        )
    get_number(params, "quantile_error")
    return {
        "statistics": list(dict.fromkeys(["summary", *listed])),
        "ignore_values": list_values(params, "abnormal_list", (int, float), "a list of numbers"),
        "bias": get_flag(params, "bias"),
        **pick_columns(params, "column_indexes", "column_names"),
    }


def translate_union(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `union`: its tables always have all their columns, so `allow_missing` changes nothing."""
    get_flag(params, "allow_missing")
    return {"keep_duplicate": get_flag(params, "keep_duplicate"), "run": get_flag(params, NEED_RUN)}


def translate_weight(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `sample_weight`."""
    name = params["sample_weight_name"]
    if name is not None and not isinstance(name, str):
        raise FateParamError("sample_weight_name", f"should be a column's name, not {name!r}")
    return {
        "weight_column": name or "",
        "normalize": get_flag(params, "normalize"),
        "run": get_flag(params, NEED_RUN),
        **_translate_weights(params, "class_weight"),
    }


def translate_baseline(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `local_baseline`; options that only steer a solver change nothing."""
    choose(params, "model_name", {"logisticregression": True})
    given = params["model_opts"] or {}
    if not isinstance(given, Mapping):
        raise FateParamError("model_opts", f"should be an object, not {given!r}")
    unknown = [name for name in given if name not in OPTIONS]
    if unknown:
        raise FateParamError(f"model_opts.{unknown[0]}", f"there is no such option: use {', '.join(OPTIONS)}")
    options = {"model_opts": {**OPTIONS, **given}}
    solver = choose(options, "model_opts.solver", {name: name for name in SOLVERS})
    refuse_unless(options, "model_opts.dual", (False,), "only the primal problem is solved")
    automatic = "ovr" if solver == "liblinear" else "multinomial"
    multi_class = {"auto": automatic, "ovr": "ovr", "multinomial": "multinomial"}
    return {
        "penalty": choose(options, "model_opts.penalty", {"l2": "l2", "none": "none"}),
        "c": get_number(options, "model_opts.C"),
        "tol": get_number(options, "model_opts.tol"),
        "fit_intercept": get_flag(options, "model_opts.fit_intercept"),
        "max_iter": get_number(options, "model_opts.max_iter", whole=True),
        "multi_class": choose(options, "model_opts.multi_class", multi_class),
        "threshold": get_number(params, "predict_param.threshold"),
        "run": get_flag(params, NEED_RUN),
        **_translate_weights(options, "model_opts.class_weight"),
    }


def _translate_weights(params: JsonObject, path: str) -> dict[str, Any]:
    """Weights of labels: null, `balanced`, or an object."""
    given = get_value(params, path)
    if given is None or (isinstance(given, str) and given.casefold() == "balanced"):
        return {"balanced": given is not None}
    if not isinstance(given, Mapping):
        raise FateParamError(path, f"should be balanced, or an object from label to weight, not {given!r}")
    for label, weight in given.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or weight < 0:
            raise FateParamError(f"{path}.{label}", f"a weight is a number from 0 up, not {weight!r}")
    return {"class_weights": {str(label): weight for label, weight in given.items()}}


MANY: Final = {"data": "data", **{f"data.{place}": f"data_{place + 1}" for place in range(1, 8)}}
MODULES: Final = (
    Module(
        name="DataStatistics",
        component="data_statistics",
        translate=translate_statistics,
        params=STATISTICS,
        inputs={"data": "data", "train_data": "data"},
        data=("data",),
        models=("model",),
    ),
    Module(
        name="Union",
        component="union",
        translate=translate_union,
        params=UNION,
        inputs=MANY,
        data=("data",),
    ),
    Module(
        name="SampleWeight",
        component="sample_weight",
        translate=translate_weight,
        params=WEIGHT,
        inputs={"data": "data", "train_data": "data"},
        data=("data",),
    ),
    Module(
        name="LocalBaseline",
        component="local_baseline",
        translate=translate_baseline,
        params=BASELINE,
        inputs={
            "data": "train",
            "train_data": "train",
            "validate_data": "validate",
            "test_data": "test",
            "model": "model",
        },
        data=("data",),
        models=("model",),
    ),
)
