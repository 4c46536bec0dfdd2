from api.dialects.fate.v2.vocabulary.metrics import list_keys, list_metrics
from api.dialects.fate.vocabulary.metrics import Metric

METRICS = {
    "train": {"loss": Metric([[2, 0.5], [1, 0.7]], {"name": "loss", "metric_type": "LOSS", "unit_name": "iters"})},
    "validate": {"mat": Metric([], {"name": "mat", "metric_type": "CONFUSION_MAT", "tp": [3]})},
}


def test_a_curve_has_its_points_in_order():
    loss, mat = list_metrics(METRICS, {})
    assert loss == {
        "name": "loss", "type": "loss", "groups": [{"name": "train", "index": None}], "step_axis": "iters",
        "data": [{"step": 1, "metric": 0.7}, {"step": 2, "metric": 0.5}],
    }  # fmt: skip
    assert mat["data"] == [{"step": None, "metric": {"tp": [3]}}]
    assert [each["name"] for each in list_metrics(METRICS, {"type": "confusion_mat"})] == ["mat"]


def test_keys_come_without_points():
    assert [set(each) for each in list_keys(METRICS)] == [{"name", "type", "groups", "step_axis"}] * 2
