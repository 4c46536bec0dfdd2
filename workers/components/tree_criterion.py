"""What a split of a tree's node is worth, and what its leaves weigh: the second-order criterion of XGBoost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from workers.components.columns import Vector
from workers.components.tree_grid import Flags, Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best candidates of one party for one node: all with the same gain."""

    gain: float
    candidates: Whole
    left: Vector
    """The gradients' and hessians' sums on the left with each of them, which may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Penalties on leaf weights, and what a split must reach."""

    l1: float
    l2: float
    min_gain: float
    min_child_weight: float

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        """From a component's parameters."""
        names = ("l1", "l2", "min_gain", "min_child_weight")
        return cls(**{name: float(params[name]) for name in names})

    def weigh(self, gradient: float, hessian: float) -> float:
        """The weight of a leaf with these sums; 0 where nothing can be said."""
        below = hessian + self.l2
        return float(-self._shrink(np.array([gradient]))[0] / below) if below > 0 else 0.0

    def find_best(self, left: Vector, total: tuple[float, float], allowed: Flags) -> Best | None:
        """The allowed candidates with the largest gain; None where none gains enough.

        `left` holds gradients' and hessians' sums on the left of each candidate, `total` those of the node.
        """
        gradient, hessian = left[:, 0], left[:, 1]
        other, rest = total[0] - gradient, total[1] - hessian
        fits = allowed & (hessian >= self.min_child_weight) & (rest >= self.min_child_weight)
        worth = self._score(gradient, hessian) + self._score(other, rest)
        parent = self._score(np.array([total[0]]), np.array([total[1]]))[0]
        gains = np.where(fits, worth - parent, -np.inf)
        best = float(gains.max(initial=-np.inf))
        if not best > self.min_gain:
            return None
        candidates = np.flatnonzero(gains == best)
        return Best(gain=best, candidates=candidates, left=left[candidates])

    def _score(self, gradient: Vector, hessian: Vector) -> Vector:
        below = hessian + self.l2
        safe = np.where(below > 0, below, 1.0)
        found: Vector = np.where(below > 0, self._shrink(gradient) ** 2 / safe, 0.0)
        return found

    def _shrink(self, gradient: Vector) -> Vector:
        shrunk: Vector = np.sign(gradient) * np.maximum(np.abs(gradient) - self.l1, 0.0)
        return shrunk
