import pytest

from api.dialects.fate.errors import FateParamError
from tests.api.dialects.fate.v2.vocabulary.components.test_linear import run


def test_columns_are_all_or_those_named():
    assert run("feature_scale").items() >= {"method": "standard_scale"}.items()
    assert "columns" not in run("feature_scale")
    found = run("feature_scale", method="min_max", scale_col=["x0"])
    assert (found["method"], found["columns"]) == ("min_max_scale", ["x0"])
    assert run("hetero_feature_binning", bin_idx=[2])["positions"] == [2]


def test_binning_is_quantile_bucket_or_by_hand():
    found = run("hetero_feature_binning", method="bucket", n_bins=5, transform_method="woe", skip_metrics=True)
    assert found.items() >= {"method": "bucket", "bins": 5, "transform": "woe", "statistics": False}.items()
    assert run("hetero_feature_binning")["transform"] == "none"
    assert run("hetero_feature_binning", method="manual", split_pt_dict={"x0": [1]})["split_points"] == {"x0": [1]}


def test_a_filter_without_parameters_of_its_own_has_the_defaults():
    nothing = {"iv_param": None, "statistic_param": None, "manual_param": None}
    named = {"method": ["iv", "statistics"]}
    assert run("hetero_feature_selection", **named, **nothing) == run("hetero_feature_selection", **named)


def test_a_filter_s_single_values_stand_for_all_its_metrics():
    iv = {"metrics": "iv", "filter_type": "threshold", "threshold": 0.1, "host_threshold": [0.1], "take_high": None}
    statistic = {"metrics": ["max", "std"], "filter_type": ["top_k"], "threshold": [5, 3]}
    rules = run("hetero_feature_selection", method=["iv", "statistics"], iv_param=iv, statistic_param=statistic)[
        "filters"
    ]
    assert rules == [
        {"kind": "iv", "how": "threshold", "threshold": 0.1, "take_high": True, "federated": True},
        {"kind": "statistic", "metric": "max", "how": "top_k", "threshold": 5, "take_high": True},
        {"kind": "statistic", "metric": "stddev", "how": "top_k", "threshold": 3, "take_high": True},
    ]


def test_selection_has_fate_1_s_filters():
    found = run(
        "hetero_feature_selection",
        method=["manual", "iv"],
        manual_param={"filter_out_col": ["x0"], "keep_col": ["x1"]},
        iv_param={"threshold": [0.1]},
    )
    manual, iv = found["filters"]
    assert manual == {"kind": "manual", "drop": ["x0"], "restore": ["x1"]}
    assert (iv["kind"], iv["threshold"], iv["take_high"]) == ("iv", 0.1, True)


def test_statistics_and_correlation():
    assert run("statistics", metrics=["mean", "std", "25%"])["statistics"] == ["summary", "mean", "stddev", "25%"]
    assert run("feature_correlation", local_only=True)["cross_parties"] is False


@pytest.mark.parametrize(
    ("name", "given", "where"),
    [
        ("feature_scale", {"feature_range": [0, 2]}, "feature_range"),
        ("feature_scale", {"use_anonymous": True}, "use_anonymous"),
        ("hetero_feature_selection", {"keep_one": False}, "keep_one"),
        ("hetero_feature_binning", {"method": "manual"}, "split_pt_dict"),
        (
            "hetero_feature_selection",
            {"method": ["iv"], "iv_param": {"host_threshold": [0.5]}},
            r"iv_param\.host_threshold",
        ),
        ("hetero_feature_selection", {"method": ["psi"]}, "method"),
        (
            "hetero_feature_selection",
            {"method": ["statistics"], "statistic_param": {"metrics": ["max", "mean", "min"], "threshold": [1, 2]}},
            r"statistic_param\.threshold: has 2 entries for 3 metrics",
        ),
        ("statistics", {"skip_col": ["x0"]}, "skip_col"),
        ("statistics", {"ddof": 0}, "ddof"),
    ],
)
def test_what_is_not_done_here_is_named(name, given, where):
    with pytest.raises(FateParamError, match=where):
        run(name, **given)
