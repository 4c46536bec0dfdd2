"""Watches how boosting goes: the loss of each round, figures of the validation samples, and when to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.boosting_objective import Objective
from workers.components.columns import Vector
from workers.components.scores import area, rank, score_classes, score_regression, separation

FALLING: Final = ("rmse", "mae", "loss")
"""Metrics that are better when smaller."""
BINARY: Final = ("auc", "ks")
MULTI: Final = ("accuracy", "precision", "recall")
REGRESSION: Final = ("rmse", "mae")


def measure(objective: Objective, labels: Vector, scores: Vector, *, threshold: float) -> dict[str, float]:
    """Every metric that these labels allow; `scores` is samples x outputs."""
    if not len(labels):
        return {}
    means = objective.mean(scores)
    figures = {"loss": float(objective.loss(labels, scores).mean())}
    if not objective.classes:
        return figures | score_regression(labels, means[:, 0])
    if objective.outputs > 1:
        return figures | score_classes(labels, means.argmax(axis=1).astype(np.float64))
    chance = means[:, 0]
    figures |= score_classes(labels, (chance >= threshold).astype(np.float64))
    if 0 < labels.sum() < len(labels):
        ranking = rank(labels, chance)
        figures |= {"auc": area(ranking), "ks": separation(ranking)}
    return figures


def list_offered(objective: Objective) -> Sequence[str]:
    """The metrics that an objective allows."""
    if not objective.classes:
        return (*REGRESSION, "r2", "loss")
    return (*(() if objective.outputs > 1 else BINARY), *MULTI, "f1", "loss")


def check_metrics(context: Context, objective: Objective) -> None:
    """InvalidInputError where a metric is asked for that the labels do not allow."""
    offered = list_offered(objective)
    wrong = [name for name in context.params["metrics"] if name not in offered]
    if wrong:
        raise InvalidInputError(
            f"`metrics` holds {wrong[0]!r}, which step {context.step!r} cannot measure with these labels and the objective "
            f"{objective.name}: use {', '.join(offered)}"
        )


def list_metrics(objective: Objective, asked: Sequence[str]) -> Sequence[str]:
    """The metrics asked for, or those that go with the objective."""
    if asked:
        return asked
    if not objective.classes:
        return REGRESSION
    return MULTI if objective.outputs > 1 else BINARY


@dataclass(slots=True, kw_only=True)
class Watch:
    """The course of one training."""

    context: Context
    objective: Objective
    losses: list[float] = field(default_factory=list)
    looks: list[tuple[int, Mapping[str, float]]] = field(default_factory=list)
    """Rounds and the figures after them: of the validation samples, or where there are none of the training samples."""

    def note_loss(self, loss: float) -> bool:
        """Log the training loss after a round; whether it has settled."""
        self.losses.append(loss)
        self.context.log_metric("loss", loss, len(self.losses))
        params = self.context.params
        return bool(params["early_stop"] and len(self.losses) > 1 and abs(loss - self.losses[-2]) < params["tol"])

    def is_due(self) -> bool:
        """Whether the round just noted is one to look at; with an early stop by metrics each is, unless told otherwise."""
        params = self.context.params
        every = int(params["validate_every"] or bool(params.get("early_stopping_rounds")))
        return every > 0 and len(self.losses) % every == 0

    def look(self, split: str, labels: Vector, scores: Vector) -> None:
        """Log the figures of a split."""
        number, params = len(self.losses), self.context.params
        figures = measure(self.objective, labels, scores, threshold=params["threshold"])
        for name in dict.fromkeys(("loss", *list_metrics(self.objective, params["metrics"]))):
            if name in figures:
                self.context.log_metric(f"{split}_{name}", figures[name], number)
        self.looks.append((number, figures))

    def find_stop(self) -> int | None:
        """The round to go back to where a metric has not improved for too long; None to go on."""
        params = self.context.params
        patience = int(params["early_stopping_rounds"])
        names = list_metrics(self.objective, params["metrics"])
        for name in names[:1] if params["use_first_metric_only"] else names:
            best = self._find_best(name)
            if patience and best is not None and len(self.looks) - 1 - best >= patience:
                return self.looks[best][0]
        return None

    def _find_best(self, name: str) -> int | None:
        sign = -1 if name in FALLING else 1
        values = [sign * figures[name] if name in figures else -np.inf for _, figures in self.looks]
        return int(np.argmax(values)) if values and max(values) > -np.inf else None
