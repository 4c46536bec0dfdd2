"""Optimizers and starting weights by the names that vertical models offer; each works on single weights only.

So a party can step with its own part of the gradient, and nobody has to see all of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from workers.components.columns import Vector
from workers.components.logistic import OPTIMIZERS, TINY, Optimizer


@dataclass(slots=True)
class AdaGrad:
    """Gradient descent with each weight's rate divided by the root of its squared gradients so far."""

    rate: float
    square: Vector = field(default_factory=lambda: np.zeros(1))

    def change(self, gradient: Vector) -> Vector:
        """A step against the gradient, scaled."""
        self.square = self.square + gradient**2
        return -self.rate * gradient / (np.sqrt(self.square) + TINY)


@dataclass(slots=True)
class Nesterov:
    """Gradient descent with Nesterov's momentum 0.9."""

    rate: float
    speed: Vector = field(default_factory=lambda: np.zeros(1))

    def change(self, gradient: Vector) -> Vector:
        """A step along the speed, corrected by the new gradient."""
        before = self.speed
        self.speed = 0.9 * before - self.rate * gradient
        return 1.9 * self.speed - 0.9 * before


CHOICES: Final[Mapping[str, Callable[[float], Optimizer]]] = {
    **OPTIMIZERS,
    "adagrad": AdaGrad,
    "nesterov": Nesterov,
}
STARTS: Final[Mapping[str, Callable[[np.random.Generator, int], Vector]]] = {
    "zeros": lambda _chance, count: np.zeros(count),
    "ones": lambda _chance, count: np.ones(count),
    "random_uniform": lambda chance, count: chance.uniform(-0.5, 0.5, count),
    "random_normal": lambda chance, count: chance.normal(0.0, 0.1, count),
}
