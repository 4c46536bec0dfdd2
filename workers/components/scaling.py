"""Standardises features by mean and deviation over all parties, from sums alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.components.columns import Vector, choose_divisors
from workers.components.secure_sum import SecureSum


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Mean and standard deviation of each feature over all parties, as `choose_divisors` has it."""

    mean: Vector
    deviation: Vector

    def apply(self, features: Vector) -> Vector:
        """The features with mean 0 and deviation 1."""
        return (features - self.mean) / self.deviation

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}


def measure_scale(sums: SecureSum, features: Vector | None, *, rows: float) -> Scale:
    """The scale over all parties' samples, `rows` in all; None from a member without samples.

    Two passes, mean first: squares of raw values would cancel badly for features far from zero.
    """
    mean = sums.add_up(None if features is None else features.sum(axis=0)) / rows
    squares = sums.add_up(None if features is None else ((features - mean) ** 2).sum(axis=0))
    deviation = np.sqrt(squares / rows)
    return Scale(mean=mean, deviation=choose_divisors(mean, deviation))
