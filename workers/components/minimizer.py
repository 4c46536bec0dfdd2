"""Finds the minimum of a smooth convex function by limited-memory BFGS, in plain numpy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from workers.components.columns import Vector

MEMORY: Final = 10
"""Steps that the curvature is estimated from."""
HALVINGS: Final = 40
DECREASE: Final = 1e-4
NOISE: Final = 1e-13
"""Differences of values below this, relative to the value, are rounding."""

Function = Callable[[Vector], tuple[float, Vector]]
"""Value and gradient at a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """Where the search ended, after how many steps, and whether it had arrived."""

    point: Vector
    steps: int
    converged: bool


def minimize(function: Function, start: Vector, *, max_steps: int, tol: float) -> Minimum:
    """The minimum from `start`: converged where no element of the gradient is larger than `tol`.

    The method: Nocedal and Wright, Numerical Optimization, algorithm 7.5, with a backtracking line search.
    """
    point, memory = start, list[tuple[Vector, Vector]]()
    value, gradient = function(point)
    for step in range(max_steps):
        if np.abs(gradient).max(initial=0.0) <= tol:
            return Minimum(point=point, steps=step, converged=True)
        found = _search_line(function, point, (value, gradient), _choose_direction(gradient, memory))
        if found is None:  # no descent left that float64 can tell
            return Minimum(point=point, steps=step, converged=False)
        moved, value, slope = found
        change, bend = moved - point, slope - gradient
        if change @ bend > 0:
            memory = [*memory[1 - MEMORY :], (change, bend)]
        point, gradient = moved, slope
    return Minimum(point=point, steps=max_steps, converged=bool(np.abs(gradient).max(initial=0.0) <= tol))


def _choose_direction(gradient: Vector, memory: list[tuple[Vector, Vector]]) -> Vector:
    """Downhill, with the curvature of the remembered steps taken into account."""
    rest, weights = gradient.copy(), []
    for change, bend in reversed(memory):
        weight = (change @ rest) / (change @ bend)
        weights.append(weight)
        rest = rest - weight * bend
    if memory:
        change, bend = memory[-1]
        rest = rest * ((change @ bend) / (bend @ bend))
    else:
        rest = rest / max(1.0, float(np.abs(gradient).sum()))
    for (change, bend), weight in zip(memory, reversed(weights), strict=True):
        rest = rest + (weight - (bend @ rest) / (change @ bend)) * change
    return -rest


def _search_line(
    function: Function, point: Vector, here: tuple[float, Vector], direction: Vector
) -> tuple[Vector, float, Vector] | None:
    """The first point on the line, halving the step each time, that goes down enough.

    Near the minimum, where values differ by rounding alone, the slope at the point decides (Hager and Zhang's
    approximate Wolfe condition).
    """
    value, gradient = here
    size, fall = 1.0, float(gradient @ direction)
    for _halving in range(HALVINGS):
        moved = point + size * direction
        reached, slope = function(moved)
        is_level = reached <= value + NOISE * max(1.0, abs(value)) and slope @ direction <= (2 * DECREASE - 1) * fall
        if is_level or reached <= value + DECREASE * size * fall:
            return moved, reached, slope
        size /= 2
    return None
