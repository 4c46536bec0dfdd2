"""Watches how boosting goes: the loss of each round, figures of the validation samples, and when to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fedrota.component import Context
from workers.components.boosting_objective import Objective
from workers.components.check_params import choose_metrics
from workers.components.columns import Vector
from workers.components.early_stop import Tracker, get_pace, make_tracker
from workers.components.metrics import CLASS_METRICS, REAL_METRICS
from workers.components.metrics import measure as measure_metrics
from workers.components.scores import score_classes

MULTI: Final = ("accuracy", "precision", "recall", "f1")


def measure(objective: Objective, labels: Vector, scores: Vector, *, threshold: float) -> dict[str, float]:
    """Every metric that these labels allow; `scores` is samples x outputs."""
    if not len(labels):
        return {}
    means = objective.mean(scores)
    figures = {"loss": float(objective.loss(labels, scores).mean())}
    if objective.outputs > 1:
        return figures | score_classes(labels, means.argmax(axis=1).astype(np.float64))
    metrics = CLASS_METRICS if objective.classes else REAL_METRICS
    return figures | measure_metrics(metrics, labels, means[:, 0], threshold=threshold)


def list_offered(objective: Objective) -> Sequence[str]:
    """The metrics that an objective allows, the usual ones first."""
    if not objective.classes:
        return (*REAL_METRICS, "loss")
    return (*(MULTI if objective.outputs > 1 else CLASS_METRICS), "loss")


def list_metrics(context: Context, objective: Objective) -> tuple[str, ...]:
    """The metrics asked for, or those that go with the objective; InvalidInputError where its labels do not allow one."""
    offered = list_offered(objective)
    return choose_metrics(context, offered, usual=offered[: 3 if objective.outputs > 1 else 2])


@dataclass(slots=True, kw_only=True)
class Watch:
    """The course of one training."""

    context: Context
    objective: Objective
    metrics: Sequence[str]
    tracker: Tracker | None
    losses: list[float] = field(default_factory=list)
    best: int | None = None
    """The best round by the first metric, where an early stop by metrics was asked for."""
    is_stale: bool = False
    """Whether a metric has not improved for so long that training should end."""

    def note_loss(self, loss: float) -> bool:
        """Log the training loss after a round; whether it has settled."""
        self.losses.append(loss)
        self.context.log_metric("loss", loss, len(self.losses))
        params = self.context.params
        return bool(params["early_stop"] and len(self.losses) > 1 and abs(loss - self.losses[-2]) < params["tol"])

    def is_due(self) -> bool:
        """Whether the round just noted is one to look at; with an early stop by metrics each is, unless told otherwise."""
        pace = get_pace(self.context.params)
        return pace > 0 and len(self.losses) % pace == 0

    def look(self, split: str, labels: Vector, scores: Vector) -> None:
        """Log the figures of a split, and judge by them."""
        number = len(self.losses)
        figures = measure(self.objective, labels, scores, threshold=self.context.params["threshold"])
        for name in dict.fromkeys(("loss", *self.metrics)):
            if name in figures:
                self.context.log_metric(f"{split}_{name}", figures[name], number)
        self._judge(number, figures)

    def _judge(self, number: int, figures: Mapping[str, float]) -> None:
        if self.tracker is None:
            return
        verdict = self.tracker.hear({name: figures[name] for name in self.metrics if name in figures})
        self.best = number if verdict.is_best else self.best
        self.is_stale = verdict.stop


def make_watch(context: Context, objective: Objective) -> Watch:
    """A watch as the parameters ask for."""
    metrics = list_metrics(context, objective)
    tracker = make_tracker(context.params, metrics)
    return Watch(context=context, objective=objective, metrics=metrics, tracker=tracker)
