from datetime import UTC, datetime

import pytest

from api.dialects.fate.vocabulary.metrics import list_figures, make_metrics, split_name
from scheduler.store.queries.tracking import MetricView, Where

WHERE = Where(step="lr_0", role="guest", party="9999", attempt=1, task="t")


def point(name, x, value):
    return MetricView(where=WHERE, name=name, x=x, value=value, at=datetime(2026, 1, 1, tzinfo=UTC))


def metrics(*points, component="homo_lr", **summary):
    return make_metrics([point(*each) for each in points], summary, component=component, source="lr_0")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("loss", ("train", "loss")),
        ("validate_auc", ("validate", "auc")),
        ("train_loss", ("train", "loss")),
        ("validate", ("train", "validate")),
        ("validate_", ("train", "validate_")),
        ("common_ids", ("train", "common_ids")),
    ],
)
def test_names_are_split(name, found):
    assert split_name(name) == found


def test_curves_are_sorted_by_round():
    found = metrics(("loss", 1, 0.5), ("loss", 0, 0.7))["train"]["loss"].render()
    assert found["data"] == [[0, 0.7], [1, 0.5]]
    assert found["meta"]["unit_name"] == "iters"


def test_the_loss_of_all_parties_is_the_loss_of_who_has_no_own():
    assert list(metrics(("federated_loss", 0, 1.0))["train"]) == ["loss"]
    assert list(metrics(("federated_loss", 0, 1.0), ("loss", 0, 2.0))["train"]) == ["federated_loss", "loss"]


def test_a_figure_is_no_curve():
    found = metrics(("deviation", -1, 0.5))["train"]["deviation"].render()
    assert (found["data"], "unit_name" in found["meta"]) == ([["deviation", 0.5]], False)


def test_an_intersection_has_fates_two_figures():
    found = metrics(("common_ids", -1, 5), component="intersection", common=5, rate=0.5)
    assert found["train"]["intersection"].render()["data"] == [["intersect_count", 5], ["intersect_rate", 0.5]]


def test_an_evaluation_without_curves_has_its_figures_only():
    found = metrics(component="evaluation", validate={"rows": 3, "rmse": 0.5, "r2": 0.25})
    assert list(found) == ["validate"]
    assert list(found["validate"]) == ["lr_0"]
    figures = [["r2_score", 0.25], ["root_mean_squared_error", 0.5]]
    assert found["validate"]["lr_0"].render()["data"] == figures


def test_an_evaluation_without_splits_counts_as_training():
    assert list(metrics(component="evaluation", all={"auc": 1.0})) == ["train"]


def test_a_task_that_left_nothing_has_nothing():
    assert metrics() == {}
    assert metrics(component="evaluation") == {}


def test_keys_of_two_kinds_are_still_sorted():
    found = metrics(("loss", -1, 0.1), ("loss", 0, 0.5))["train"]["loss"].render()
    assert found["data"] == [[0, 0.5]]


def test_lists_and_counts_are_no_figures():
    assert list_figures({"rows": 1, "auc": 0.5, "roc": {}, "thresholds": []}) == {"auc": 0.5}
