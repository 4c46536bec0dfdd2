"""Logistic regression on one party's samples: loss, gradient, optimizers, local training. Pure numpy.

Weights are one vector: a coefficient per feature, then the intercept, which is not penalised.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from workers.components.chances import sigmoid
from workers.components.columns import Vector

TINY: Final = 1e-8


class Optimizer(Protocol):
    """Turns a gradient into the change of the weights; keeps its own state between calls."""

    def change(self, gradient: Vector) -> Vector:
        """What to add to the weights."""


@dataclass(slots=True)
class Sgd:
    """Plain gradient descent."""

    rate: float

    def change(self, gradient: Vector) -> Vector:
        """A step against the gradient."""
        return -self.rate * gradient


@dataclass(slots=True)
class RmsProp:
    """Gradient descent with each weight's rate scaled by its recent gradients (decay 0.9)."""

    rate: float
    square: Vector = field(default_factory=lambda: np.zeros(1))

    def change(self, gradient: Vector) -> Vector:
        """A step against the gradient, scaled."""
        self.square = 0.9 * self.square + 0.1 * gradient**2
        return -self.rate * gradient / (np.sqrt(self.square) + TINY)


@dataclass(slots=True)
class Adam:
    """Adam with the usual decays 0.9 and 0.999."""

    rate: float
    mean: Vector = field(default_factory=lambda: np.zeros(1))
    square: Vector = field(default_factory=lambda: np.zeros(1))
    calls: int = 0

    def change(self, gradient: Vector) -> Vector:
        """A step along the mean gradient, scaled, with the start-up bias taken out."""
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        mean = self.mean / (1 - 0.9**self.calls)
        return -self.rate * mean / (np.sqrt(self.square / (1 - 0.999**self.calls)) + TINY)


OPTIMIZERS: Final = {"sgd": Sgd, "rmsprop": RmsProp, "adam": Adam}


def predict(weights: Vector, features: Vector) -> Vector:
    """The probability of label 1 for each sample."""
    return sigmoid(features @ weights[:-1] + weights[-1])


def mean_loss(
    weights: Vector, features: Vector, labels: Vector, *, l2: float, sample_weights: Vector | None = None
) -> float:
    """Mean logarithmic loss plus l2/2 times the squared coefficients; labels are 0 and 1.

    `sample_weights` say how often each sample counts; over all samples their mean is 1.
    """
    score = features @ weights[:-1] + weights[-1]
    loss = np.logaddexp(0.0, score) - labels * score
    return float(_weigh(loss, sample_weights).mean() + penalty(weights, l2=l2))


def penalty(weights: Vector, *, l2: float) -> float:
    """The part of the loss that keeps coefficients small."""
    return float(0.5 * l2 * (weights[:-1] ** 2).sum())


def mean_gradient(
    weights: Vector, features: Vector, labels: Vector, *, l2: float, sample_weights: Vector | None = None
) -> Vector:
    """The gradient of `mean_loss`."""
    error = _weigh(predict(weights, features) - labels, sample_weights)
    slopes = features.T @ error / len(labels) + l2 * weights[:-1]
    return np.append(slopes, error.mean())


def _weigh(values: Vector, sample_weights: Vector | None) -> Vector:
    return values if sample_weights is None else values * sample_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTraining:
    """How one party trains between two rounds: `batch_size` 0 takes all samples at once."""

    epochs: int
    batch_size: int
    l2: float
    optimizer: Optimizer
    shuffle: np.random.Generator

    def improve(
        self, weights: Vector, features: Vector, labels: Vector, sample_weights: Vector | None = None
    ) -> Vector:
        """The weights after `epochs` passes over the samples."""
        size = self.batch_size or len(labels)
        for _epoch in range(self.epochs):
            order = self.shuffle.permutation(len(labels)) if size < len(labels) else np.arange(len(labels))
            for start in range(0, len(labels), size):
                rows = order[start : start + size]
                counts = None if sample_weights is None else sample_weights[rows]
                gradient = mean_gradient(weights, features[rows], labels[rows], l2=self.l2, sample_weights=counts)
                weights = weights + self.optimizer.change(gradient)
        return weights
