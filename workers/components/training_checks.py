"""How models in training are measured, when that ends the training early, and how samples are split into folds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import Vector
from workers.components.scores import (
    area,
    count_confusion,
    rank,
    score_confusion,
    score_regression,
    separation,
)

CLASS_METRICS: Final = ("auc", "ks", "accuracy", "precision", "recall", "f1")
REAL_METRICS: Final = ("rmse", "mae", "r2")
LOW_IS_GOOD: Final = ("rmse", "mae")
CHECK_PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "validate_every": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10000,
        "default": 0,
        "description": "Measure the model on `train` and `validate` every so many epochs (rounds); 0: at the end only.",
    },
    "early_stopping_rounds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10000,
        "default": 0,
        "description": "Stop once a metric has not improved in so many measurements, on `validate` where it is connected, "
        "and keep the weights that were best by the first metric; 0: never.",
    },
    "metrics": {
        "type": "array",
        "items": {"type": "string", "enum": [*CLASS_METRICS, *REAL_METRICS]},
        "uniqueItems": True,
        "default": [],
        "description": "What to measure; empty means auc and ks for classes, rmse and mae for numbers.",
    },
    "use_first_metric_only": {
        "type": "boolean",
        "default": False,
        "description": "Whether only the first of `metrics` decides about the early stop.",
    },
    "cv_folds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
        "default": 0,
        "description": "Cross-validation: train so many models, each without one part of the rows, and measure it on that "
        "part. Writes no model; `data` has every row's prediction by the model that did not know it. 0: none.",
    },
    "cv_shuffle": {
        "type": "boolean",
        "default": True,
        "description": "Whether the parts are drawn at random instead of cut in the rows' order.",
    },
    "cv_seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**32 - 1,
        "default": 1,
        "description": "Where drawing the parts starts.",
    },
}
CHECK_SETTINGS: Final = tuple(CHECK_PARAMS)
"""All parties of a step need the same values of these."""


def list_metrics(context: Context, *, classes: bool) -> tuple[str, ...]:
    """The metrics to measure; InvalidInputError where one is for another kind of model, or parameters make no sense."""
    offered = CLASS_METRICS if classes else REAL_METRICS
    params = context.params
    wrong = [name for name in params["metrics"] if name not in offered]
    if wrong:
        raise InvalidInputError(
            f"`metrics` holds {wrong[0]!r}, which step {context.step!r} cannot measure: use {', '.join(offered)}"
        )
    if params["cv_folds"] == 1:
        raise InvalidInputError(
            "`cv_folds` is 1, which leaves nothing to train with: set it to 2 or more, or to 0 for none"
        )
    return tuple(params["metrics"]) or offered[:2]


def get_pace(params: Mapping[str, Any]) -> int:
    """Every how many epochs to measure; 0 for never."""
    return int(params["validate_every"] or bool(params["early_stopping_rounds"]))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a measurement says about the training."""

    is_best: bool = False
    stop: bool = False


@dataclass(slots=True, kw_only=True)
class Tracker:
    """Remembers the best figures so far."""

    metrics: Sequence[str]
    patience: int
    first_only: bool
    best: dict[str, float] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)

    def hear(self, figures: Mapping[str, float]) -> Verdict:
        """Whether the figures are the best by the first metric, and whether one that counts has been stale too long."""
        for name, value in figures.items():
            better = (
                value < self.best.get(name, np.inf) if name in LOW_IS_GOOD else value > self.best.get(name, -np.inf)
            )
            self.stale[name] = 0 if better else self.stale.get(name, 0) + 1
            if better:
                self.best[name] = value
        counted = self.metrics[:1] if self.first_only else self.metrics
        return Verdict(
            is_best=self.stale.get(self.metrics[0], 1) == 0,
            stop=any(self.stale.get(name, 0) >= self.patience for name in counted),
        )


def make_tracker(params: Mapping[str, Any], metrics: Sequence[str]) -> Tracker | None:
    """A tracker where the parameters ask for an early stop by metrics."""
    patience = params["early_stopping_rounds"]
    return Tracker(metrics=metrics, patience=patience, first_only=params["use_first_metric_only"]) if patience else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One part of the rows to measure with, and the rest to train with; both in the rows' order."""

    number: int
    train: list[int]
    held: list[int]


def plan_folds(context: Context, rows: int) -> list[Fold]:
    """The folds, from 1: the same wherever the number of rows and the parameters are; they differ by a row at most."""
    params = context.params
    count = params["cv_folds"]
    if rows < count:
        raise InvalidInputError(
            f"the training table of party {context.me.party} has {rows} rows, too few for {count} folds: lower `cv_folds`"
        )
    order = np.random.default_rng(params["cv_seed"]).permutation(rows) if params["cv_shuffle"] else np.arange(rows)
    parts = [np.sort(part) for part in np.array_split(order, count)]
    return [
        Fold(number=place + 1, train=np.setdiff1d(np.arange(rows), part).tolist(), held=part.tolist())
        for place, part in enumerate(parts)
    ]


Row = Mapping[str, Mapping[str, float]]
"""Metrics by split: train, validate."""


def report_folds(context: Context, rows: Sequence[Row]) -> None:
    """Log a row of metrics for each fold, and put all of them, their means and deviations into the summary."""
    for number, row in enumerate(rows, 1):
        for split, figures in row.items():
            for name, value in figures.items():
                context.log_metric(f"{split}_{name}", value, number)
        shown = ", ".join(f"{split} {name} {v:.4f}" for split, figures in row.items() for name, v in figures.items())
        context.log(f"fold {number}: {shown or 'no labels to measure with'}")
    context.summary(
        cv={
            "folds": [{"fold": number, **row} for number, row in enumerate(rows, 1)],
            "mean": _condense(rows, np.mean),
            "std": _condense(rows, np.std),
        }
    )


def _condense(rows: Sequence[Row], how: Callable[[list[float]], Any]) -> dict[str, dict[str, float]]:
    """A figure of each metric over the folds that have it."""
    found: dict[str, dict[str, float]] = {}
    for split in dict.fromkeys(split for row in rows for split in row):
        names = dict.fromkeys(name for row in rows for name in row.get(split, {}))
        found[split] = {
            name: float(how([row[split][name] for row in rows if name in row.get(split, {})])) for name in names
        }
    return found
