"""The filters of FATE's feature selection, with FATE 1.11's defaults, as the component's rules."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
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

Rule = dict[str, Any]


def _common(metrics: str, *, take_high: bool = True, threshold: float = 1) -> Mapping[str, Any]:
    return {
        "metrics": metrics,
        "filter_type": "threshold",
        "take_high": take_high,
        "threshold": threshold,
        "host_thresholds": None,
        "select_federated": True,
    }


SELECTION: Final[Mapping[str, Any]] = {
    "select_col_indexes": -1,
    "select_names": None,
    "filter_methods": None,
    "unique_param": {"eps": 1e-5},
    "iv_value_param": {"value_threshold": 0.0, "host_thresholds": None, "local_only": False},
    "iv_percentile_param": {"percentile_threshold": 1.0, "local_only": False},
    "iv_top_k_param": {"k": 10, "local_only": False},
    "variance_coe_param": {"value_threshold": 1.0},
    "outlier_param": {"percentile": 1.0, "upper_threshold": 1.0},
    "manually_param": {
        "filter_out_indexes": None,
        "filter_out_names": None,
        "left_col_indexes": None,
        "left_col_names": None,
        # FATE 2.x's: columns that come back, whatever the filters before have dropped.
        "keep_col": None,
    },
    "percentage_value_param": {"upper_pct": 1.0},
    "iv_param": {**_common("iv"), "mul_class_merge_type": "average"},
    "statistic_param": _common("mean"),
    "psi_param": _common("psi", take_high=False),
    "vif_param": _common("vif", take_high=False, threshold=5.0),
    "sbt_param": _common("feature_importance"),
    "correlation_param": {"sort_metric": "iv", "threshold": 0.1, "select_federated": True},
    "use_anonymous": False,
    NEED_RUN: True,
}
HOW: Final = {"threshold": "threshold", "top_k": "top_k", "top_percentile": "top_share"}
MEMBERS: Final = ("metrics", "filter_type", "take_high", "threshold", "select_federated")


def translate_filters(params: JsonObject) -> list[Rule]:
    """The rules, in the order of `filter_methods`; FateParamError for filters that there are none of."""
    given = params["filter_methods"]
    methods = ["manually"] if given is None else list_values(params, "filter_methods", (str,), "a list of filters")
    rules: list[Rule] = []
    for method in methods:
        if method.casefold() not in FILTERS:
            raise FateParamError("filter_methods", f"{method!r} is not supported here: use {', '.join(FILTERS)}")
        rules += FILTERS[method.casefold()](params)
    return rules


def _translate_manual(params: JsonObject) -> Iterator[Rule]:
    names = {
        "drop": ("filter_out_names", (str,), "a list of column names"),
        "drop_positions": ("filter_out_indexes", (int,), "a list of places, from 0"),
        "keep": ("left_col_names", (str,), "a list of column names"),
        "keep_positions": ("left_col_indexes", (int,), "a list of places, from 0"),
        "restore": ("keep_col", (str,), "a list of column names"),
    }
    lists = {
        name: list(dict.fromkeys(list_values(params, f"manually_param.{path}", kinds, what)))
        for name, (path, kinds, what) in names.items()
    }
    if (lists["drop"] or lists["drop_positions"]) and (lists["keep"] or lists["keep_positions"]):
        raise FateParamError(
            "manually_param", "filter_out_indexes and filter_out_names go not with left_col_indexes and left_col_names"
        )
    yield {"kind": "manual", **{name: values for name, values in lists.items() if values}}


def _translate_simple(kind: str, path: str) -> Callable[[JsonObject], Iterator[Rule]]:
    def translate(params: JsonObject) -> Iterator[Rule]:
        yield {"kind": kind, "threshold": get_number(params, path)}

    return translate


def _translate_outlier(params: JsonObject) -> Iterator[Rule]:
    yield {
        "kind": "outlier",
        "threshold": get_number(params, "outlier_param.upper_threshold"),
        "percentile": get_number(params, "outlier_param.percentile"),
    }


def _translate_iv(how: str, where: str, name: str) -> Callable[[JsonObject], Iterator[Rule]]:
    def translate(params: JsonObject) -> Iterator[Rule]:
        rule = {
            "kind": "iv",
            "how": how,
            "threshold": get_number(params, f"{where}.{name}"),
            "federated": not get_flag(params, f"{where}.local_only"),
        }
        yield rule | _read_host_thresholds(params, where)

    return translate


def _translate_common(kind: str, where: str, metrics: tuple[str, ...]) -> Callable[[JsonObject], Iterator[Rule]]:
    """A filter that may be given once, or several times by lists of equal length."""

    def translate(params: JsonObject) -> Iterator[Rule]:
        for one in _split(params, where):
            if kind == "importance":
                _check_own(one, where)
            metric = str(get_value(one, f"{where}.metrics"))
            if metrics and metric not in metrics:
                raise FateParamError(f"{where}.metrics", f"{metric!r} is not supported here: use {', '.join(metrics)}")
            yield {
                "kind": kind,
                **({} if metrics else {"metric": metric}),
                "how": choose(one, f"{where}.filter_type", HOW),
                "threshold": get_number(one, f"{where}.threshold"),
                "take_high": get_flag(one, f"{where}.take_high"),
                **({"federated": get_flag(one, f"{where}.select_federated")} if kind == "iv" else {}),
                **(_read_host_thresholds(one, where) if kind == "iv" else {}),
            }

    return translate


def _check_own(one: JsonObject, where: str) -> None:
    """FateParamError where the guest, who judges the hosts' columns too in FATE, is told how to or not to."""
    why = "each party judges its own columns: give hosts theirs in component_parameters.role.host"
    refuse_unless(one, f"{where}.host_thresholds", (None,), why)
    refuse_unless(one, f"{where}.select_federated", (True,), why)


def _split(params: JsonObject, where: str) -> Iterator[JsonObject]:
    given = params[where]
    if given is None:
        raise FateParamError(where, "should be an object; leave it out for the defaults, or the filter")
    if not isinstance(given["metrics"], list):
        yield params
        return
    count = len(given["metrics"])
    for name in MEMBERS:
        if isinstance(given[name], list) and len(given[name]) != count:
            raise FateParamError(f"{where}.{name}", f"has {len(given[name])} entries for {count} metrics")
    hosts = given["host_thresholds"]
    # A list of lists has the hosts' thresholds for each metric, null where the metric has none.
    each_its_own = isinstance(hosts, list) and len(hosts) == count and not any(map(_is_number, hosts))
    for place in range(count):
        single = {name: given[name][place] if isinstance(given[name], list) else given[name] for name in MEMBERS}
        yield {**params, where: {**given, **single, "host_thresholds": hosts[place] if each_its_own else hosts}}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _read_host_thresholds(params: JsonObject, where: str) -> Rule:
    given = list_values(params, f"{where}.host_thresholds", (int, float, list), "a list with a number for each host")
    if len(given) == 1 and isinstance(given[0], list):
        given = given[0]
    if any(isinstance(each, list) for each in given):
        raise FateParamError(f"{where}.host_thresholds", "give one list with a number for each host")
    return {"host_thresholds": given} if given else {}


FILTERS: Final[Mapping[str, Callable[[JsonObject], Iterator[Rule]]]] = {
    "manually": _translate_manual,
    "unique_value": _translate_simple("unique", "unique_param.eps"),
    "iv_filter": _translate_common("iv", "iv_param", ("iv",)),
    "iv_value_thres": _translate_iv("threshold", "iv_value_param", "value_threshold"),
    "iv_percentile": _translate_iv("top_share", "iv_percentile_param", "percentile_threshold"),
    "iv_top_k": _translate_iv("top_k", "iv_top_k_param", "k"),
    "statistic_filter": _translate_common("statistic", "statistic_param", ()),
    "coefficient_of_variation_value_thres": _translate_simple("variation", "variance_coe_param.value_threshold"),
    "outlier_cols": _translate_outlier,
    "percentage_value": _translate_simple("percentage", "percentage_value_param.upper_pct"),
    "vif_filter": _translate_common("vif", "vif_param", ("vif",)),
    **dict.fromkeys(
        ("hetero_sbt_filter", "hetero_fast_sbt_filter", "homo_sbt_filter"),
        _translate_common("importance", "sbt_param", ("feature_importance",)),
    ),
}
"""FATE's filters; those by PSI and by correlation are not among them."""
