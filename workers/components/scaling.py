"""Standardises features by mean and deviation over all parties, from sums alone."""

from collections.abc import Sequence
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


def measure_scale(sums: SecureSum, features: Vector | None, *, names: Sequence[str], rows: float) -> Scale:
    """The scale over all parties' samples, `rows` in all; None from a member without samples.

    InvalidInputError names a column whose figures are too large to add up.

    Two passes, mean first: squares of raw values would cancel badly for features far from zero.
    """
    mean = sums.add_up(None if features is None else features.sum(axis=0), names=names) / rows
    squares = sums.add_up(None if features is None else ((features - mean) ** 2).sum(axis=0), names=names)
    deviation = np.sqrt(squares / rows)
    return Scale(mean=mean, deviation=choose_divisors(mean, deviation))
