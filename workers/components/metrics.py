"""Which figures say how good a model is, and measures them."""

from collections.abc import Sequence
from typing import Final

from workers.components.columns import Vector
from workers.components.scores import area, count_confusion, rank, score_confusion, score_regression, separation

CLASS_METRICS: Final = ("auc", "ks", "accuracy", "precision", "recall", "f1")
REAL_METRICS: Final = ("rmse", "mae", "r2")
LOW_IS_GOOD: Final = ("rmse", "mae", "loss")


def measure(metrics: Sequence[str], labels: Vector, predicted: Vector, *, threshold: float) -> dict[str, float]:
    """The metrics of predictions (probabilities of label 1, or numbers); those that the labels do not allow are left out."""
    figures: dict[str, float] = {}
    if not len(labels):
        return figures
    if set(metrics) & set(REAL_METRICS):
        figures |= score_regression(labels, predicted)
    if {"auc", "ks"} & set(metrics) and 0 < labels.sum() < len(labels):
        ranking = rank(labels, predicted)
        figures |= {"auc": area(ranking), "ks": separation(ranking)}
    if set(metrics) & set(CLASS_METRICS[2:]):
        figures |= score_confusion(count_confusion(labels, (predicted >= threshold).astype(float)))
    return {name: figures[name] for name in metrics if name in figures}
