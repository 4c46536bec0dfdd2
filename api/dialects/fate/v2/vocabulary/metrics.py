"""Metrics as FATE 2.x's clients read them: each with its name, its type, and its points."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.dialects.fate.vocabulary.metrics import Metric, Metrics


def list_keys(metrics: Metrics) -> list[dict[str, Any]]:
    """What there is, without the points."""
    return [_describe(namespace, name, metric) for namespace, name, metric in _walk(metrics)]


def list_metrics(metrics: Metrics, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those whose description has what `filters` ask for, with their points."""
    shown = [
        {**_describe(namespace, name, metric), "data": _list_points(metric)}
        for namespace, name, metric in _walk(metrics)
    ]
    return [each for each in shown if all(each.get(key) == value for key, value in filters.items())]


def _walk(metrics: Metrics) -> Iterator[tuple[str, str, Metric]]:
    for namespace, named in metrics.items():
        for name, metric in named.items():
            yield namespace, name, metric


def _describe(namespace: str, name: str, metric: Metric) -> dict[str, Any]:
    return {
        "name": name,
        "type": str(metric.meta.get("metric_type", "")).lower(),
        "groups": [{"name": namespace, "index": None}],
        "step_axis": metric.meta.get("unit_name") or None,
    }


def _list_points(metric: Metric) -> list[dict[str, Any]]:
    """A point's `step` is a round of a training, a place on a curve's axis, or the name of a single figure."""
    if not metric.data:
        return [
            {
                "step": None,
                "metric": {key: metric.meta[key] for key in metric.meta if key not in ("name", "metric_type")},
            }
        ]
    return [{"step": key, "metric": value} for key, value in metric.render()["data"]]
