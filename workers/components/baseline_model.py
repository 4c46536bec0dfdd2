"""Logistic regression on one party's own samples, for two or more classes, and its model file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from workers.components.chances import log_sum, sigmoid, softmax
from workers.components.columns import Vector
from workers.components.minimizer import Minimum, minimize

FORMAT: Final = "fedrota.local_baseline/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """How a model is fitted; `penalty` multiplies half the squared coefficients, beside the mean loss."""

    penalty: float
    fit_intercept: bool
    one_vs_rest: bool
    max_steps: int
    tol: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Coefficients (classes x features, one row for two classes) and intercepts."""

    classes: Vector
    features: Sequence[str]
    coefficients: Vector
    intercepts: Vector
    one_vs_rest: bool
    threshold: float
    steps: int
    converged: bool

    def score(self, samples: Vector) -> Vector:
        """The probability of each class (columns) for each sample."""
        raw = samples @ self.coefficients.T + self.intercepts
        if len(self.classes) == 2:
            positive = sigmoid(raw[:, 0])
            return np.column_stack([1 - positive, positive])
        if not self.one_vs_rest:
            return softmax(raw)
        each = sigmoid(raw)
        found: Vector = each / each.sum(axis=1, keepdims=True)
        return found

    def decide(self, chances: Vector) -> tuple[Vector, Vector]:
        """Score and predicted class of each sample.

        Of two classes: the chance of the second, taken from the threshold up; of more: the likeliest one's chance.
        """
        if len(self.classes) == 2:
            return chances[:, 1], np.where(chances[:, 1] >= self.threshold, self.classes[1], self.classes[0])
        return chances.max(axis=1), self.classes[chances.argmax(axis=1)]

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {
            "classes": self.classes.tolist(),
            "features": list(self.features),
            "coefficients": self.coefficients.tolist(),
            "intercepts": self.intercepts.tolist(),
            "one_vs_rest": self.one_vs_rest,
            "threshold": self.threshold,
            "steps": self.steps,
            "converged": self.converged,
        }

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> "Baseline":
        """The model in a file; KeyError, TypeError or ValueError where it is damaged."""
        return cls(
            classes=np.array(model["classes"], dtype=np.float64),
            features=tuple(model["features"]),
            coefficients=np.array(model["coefficients"], dtype=np.float64),
            intercepts=np.array(model["intercepts"], dtype=np.float64),
            one_vs_rest=bool(model["one_vs_rest"]),
            threshold=float(model["threshold"]),
            steps=int(model["steps"]),
            converged=bool(model["converged"]),
        )


def fit_baseline(
    samples: Vector, labels: Vector, weights: Vector, *, fitting: Fitting, features: Sequence[str], threshold: float
) -> Baseline:
    """The model of least mean loss plus penalty; labels are of at least two classes, weights not all 0."""
    classes = np.unique(labels)
    targets = (labels[:, None] == classes).astype(np.float64)
    single = len(classes) == 2 or fitting.one_vs_rest
    columns = [targets[:, 1:]] if len(classes) == 2 else list(np.split(targets, len(classes), axis=1))
    found = [_fit(samples, part, weights, fitting) for part in (columns if single else [targets])]
    width = samples.shape[1] + 1
    stacked = np.concatenate([each.point.reshape(-1, width) for each in found])
    return Baseline(
        classes=classes,
        features=tuple(features),
        coefficients=stacked[:, :-1],
        intercepts=stacked[:, -1],
        one_vs_rest=fitting.one_vs_rest and len(classes) > 2,
        threshold=threshold,
        steps=max(each.steps for each in found),
        converged=all(each.converged for each in found),
    )


def _fit(samples: Vector, targets: Vector, weights: Vector, fitting: Fitting) -> Minimum:
    """Fit one row of coefficients for each column of targets: a single column by itself, several together."""
    shares, size = weights / weights.sum(), targets.shape[1]
    with_ones = np.column_stack([samples, np.ones(len(samples)) if fitting.fit_intercept else np.zeros(len(samples))])

    def evaluate(point: Vector) -> tuple[float, Vector]:
        rows = point.reshape(size, -1)
        slopes = rows.copy()
        slopes[:, -1] = 0.0  # the intercept is not penalised
        raw = with_ones @ rows.T
        chances = sigmoid(raw) if size == 1 else softmax(raw)
        # Of a single column both outcomes count: the loss of label 0 is that of a score of 0.
        top = np.logaddexp(0.0, raw[:, 0]) if size == 1 else log_sum(raw)
        value = shares @ (top - (raw * targets).sum(axis=1)) + 0.5 * fitting.penalty * (slopes**2).sum()
        gradient = (shares[:, None] * (chances - targets)).T @ with_ones + fitting.penalty * slopes
        return float(value), gradient.ravel()

    start = np.zeros(size * with_ones.shape[1])
    return minimize(evaluate, start, max_steps=fitting.max_steps, tol=fitting.tol)
