"""Summaries of tasks in FATE's words; what FATE has no word for keeps ours."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from api.dialects.fate.vocabulary.metrics import FEDERATED, SINGLE, SPLITS, TRAIN, list_figures
from scheduler.store.queries.tracking import MetricView

UNENDED: Final = frozenset({"rounds", "epochs"})
"""A training that was stopped by its number of rounds has not converged."""


def render_summary(
    values: Mapping[str, Any], points: Iterable[MetricView], *, component: str, source: str
) -> dict[str, Any]:
    """A task's summary; empty where the task has left none."""
    if not values:
        return {}
    if component == "evaluation":
        return {source: _split_figures(values)}
    if component == "intersection" and "common" in values:
        return {**values, "intersect_num": values["common"], "intersect_rate": values.get("rate")}
    if "stopped_by" in values:
        return {**values, **render_training(values, points)}
    return dict(values)


def _split_figures(values: Mapping[str, Any]) -> dict[str, Any]:
    splits = {split: measured for split, measured in values.items() if isinstance(measured, Mapping)}
    return {split if split in SPLITS else TRAIN: list_figures(measured) for split, measured in splits.items()}


def render_training(values: Mapping[str, Any], points: Iterable[MetricView]) -> dict[str, Any]:
    """How a training went: whether it converged, after how many rounds, the losses on the way."""
    losses: dict[str, dict[int, float]] = {}
    for point in points:
        if point.x != SINGLE:
            losses.setdefault(point.name, {})[point.x] = point.value
    history = losses.get("loss") or losses.get(FEDERATED) or {}
    return {
        "is_converged": values.get("stopped_by") not in UNENDED,
        "iters": values.get("epochs", values.get("rounds")),
        "loss_history": [history[x] for x in sorted(history)],
        "best_iteration": -1,
        "one_vs_rest": False,
    }
