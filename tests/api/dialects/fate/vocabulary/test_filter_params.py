import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.filter_params import FILTERS, SELECTION, translate_filters


def translate(**params):
    filled = {
        name: {**default, **params[name]} if isinstance(default, dict) and name in params else params.get(name, default)
        for name, default in SELECTION.items()
    }
    return translate_filters(filled)


def test_filters_come_in_the_jobs_order_with_fates_defaults():
    assert translate() == [{"kind": "manual"}]
    rules = translate(filter_methods=[name.upper() for name in FILTERS])
    assert [rule["kind"] for rule in rules] == [
        "manual", "unique", "iv", "iv", "iv", "iv", "statistic", "variation", "outlier", "percentage", "vif",
        "importance", "importance", "importance",
    ]  # fmt: skip
    assert rules[2] == {"kind": "iv", "how": "threshold", "threshold": 1, "take_high": True, "federated": True}
    assert rules[6]["metric"] == "mean"
    assert rules[10] == {"kind": "vif", "how": "threshold", "threshold": 5.0, "take_high": False}


def test_a_published_job_of_three_filters():
    rules = translate(
        filter_methods=["manually", "iv_value_thres", "iv_percentile"],
        manually_param={"filter_out_indexes": None, "left_col_names": ["x1"]},
        iv_value_param={"value_threshold": 1.0, "host_thresholds": [0.5, 0.7]},
        iv_percentile_param={"percentile_threshold": 0.9, "local_only": True},
    )
    assert rules == [
        {"kind": "manual", "keep": ["x1"]},
        {"kind": "iv", "how": "threshold", "threshold": 1.0, "federated": True, "host_thresholds": [0.5, 0.7]},
        {"kind": "iv", "how": "top_share", "threshold": 0.9, "federated": False},
    ]


def test_each_of_several_metrics_has_the_hosts_thresholds_of_its_own():
    several = {"metrics": ["iv", "iv"], "filter_type": ["threshold", "top_k"], "threshold": [0.03, 15]}
    first, second = translate(filter_methods=["iv_filter"], iv_param={**several, "host_thresholds": [[0.15], None]})
    assert (first["threshold"], first["host_thresholds"]) == (0.03, [0.15])
    assert (second["how"], "host_thresholds" in second) == ("top_k", False)
    alike = translate(filter_methods=["iv_filter"], iv_param={**several, "host_thresholds": [0.2, 0.3]})
    assert [rule["host_thresholds"] for rule in alike] == [[0.2, 0.3]] * 2


def test_lists_of_metrics_are_a_filter_each():
    rules = translate(
        filter_methods=["statistic_filter"],
        statistic_param={
            "metrics": ["mean", "skewness"], "filter_type": ["top_k", "threshold"], "take_high": False, "threshold": [3, 0.5],
        },
    )  # fmt: skip
    assert [(rule["metric"], rule["how"], rule["threshold"], rule["take_high"]) for rule in rules] == [
        ("mean", "top_k", 3, False), ("skewness", "threshold", 0.5, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"filter_methods": ["psi_filter"]}, "'psi_filter' is not supported here: use manually"),
        ({"filter_methods": ["correlation_filter"]}, "correlation_filter"),
        ({"filter_methods": ["iv_filter"], "iv_param": {"metrics": "ks"}}, "'ks' is not supported here: use iv"),
        ({"filter_methods": ["iv_filter"], "iv_param": {"filter_type": "best"}}, "iv_param.filter_type"),
        ({"filter_methods": ["iv_filter"], "iv_param": {"metrics": ["iv"], "threshold": [1, 2]}}, "2 entries for 1"),
        ({"filter_methods": ["iv_filter"], "iv_param": {"host_thresholds": [[1], [2]]}}, "one list with a number"),
        ({"filter_methods": ["hetero_sbt_filter"], "sbt_param": {"host_thresholds": [1]}}, "judges its own columns"),
        ({"filter_methods": ["hetero_sbt_filter"], "sbt_param": {"select_federated": False}}, "judges its own columns"),
        ({"manually_param": {"filter_out_names": ["a"], "left_col_names": ["b"]}}, "go not with"),
        ({"filter_methods": "manually"}, "filter_methods"),
    ],
)
def test_what_is_not_done_is_refused_by_name(params, text):
    with pytest.raises(FateParamError, match=text):
        translate(**params)


def test_a_filter_needs_its_parameters():
    with pytest.raises(FateParamError, match="parameter iv_param: should be an object"):
        translate_filters({**SELECTION, "filter_methods": ["iv_filter"], "iv_param": None})
