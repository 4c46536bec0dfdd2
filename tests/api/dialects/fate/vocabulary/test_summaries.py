from datetime import UTC, datetime

import pytest

from api.dialects.fate.vocabulary.summaries import render_summary
from scheduler.store.queries.tracking import MetricView, Where

WHERE = Where(step="lr_0", role="guest", party="9999", attempt=1, task="t")


def point(name, x, value):
    return MetricView(where=WHERE, name=name, x=x, value=value, at=datetime(2026, 1, 1, tzinfo=UTC))


def render(values, *points, component="hetero_lr"):
    return render_summary(values, [point(*each) for each in points], component=component, source="lr_0")


@pytest.mark.parametrize(("stopped_by", "converged"), [("epochs", False), ("rounds", False), ("loss", True)])
def test_a_training_says_whether_it_converged(stopped_by, converged):
    found = render({"stopped_by": stopped_by, "epochs": 2, "own": 1}, ("loss", 1, 0.2), ("loss", 0, 0.4))
    assert (found["is_converged"], found["iters"], found["loss_history"], found["own"]) == (converged, 2, [0.4, 0.2], 1)


def test_who_has_no_loss_shows_that_of_all_parties():
    assert render({"stopped_by": "rounds", "rounds": 1}, ("federated_loss", 0, 0.4))["loss_history"] == [0.4]


def test_an_evaluation_is_told_by_model_and_split():
    found = render({"train": {"rows": 1, "auc": 0.5, "f1": 0.25, "roc": {}}}, component="evaluation")
    assert found == {"lr_0": {"train": {"auc": 0.5, "f1_score": 0.25}}}


def test_an_intersection_has_fates_names_beside_ours():
    found = render({"common": 3, "rate": 0.5}, component="intersection")
    assert found == {"common": 3, "rate": 0.5, "intersect_num": 3, "intersect_rate": 0.5}


def test_what_fate_has_no_word_for_stays():
    assert render({"table": "t"}, component="reader") == {"table": "t"}
    assert render({}, component="evaluation") == {}
