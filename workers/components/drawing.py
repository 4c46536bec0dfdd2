"""Draws rows at random: samples with and without repeats, and splits, by strata where that is asked for."""

import math
from collections.abc import Sequence

import numpy as np

from workers.components.columns import Vector
from workers.components.frames import Rows


def allocate(sizes: Sequence[int], total: int) -> list[int]:
    """Share `total` out over groups in proportion to their sizes, never more than a group has.

    What rounding leaves over goes to the largest remainders. `total` must not be more than the sizes together.
    """
    if not total:
        return [0] * len(sizes)
    # Whole numbers throughout: a remainder must not hang on the last bit of a float.
    shares = [divmod(size * total, sum(sizes)) for size in sizes]
    left = total - sum(whole for whole, _rest in shares)
    largest = sorted(range(len(sizes)), key=lambda place: -shares[place][1])[:left]
    return [whole + int(place in largest) for place, (whole, _rest) in enumerate(shares)]


def split_rows(strata: Rows, counts: Sequence[int], *, chance: np.random.Generator | None) -> list[Rows]:
    """Split all rows into parts of these sizes, each with its share of every stratum; without chance, in order.

    `strata` holds the stratum of each row; the rows of each part stand in order.
    """
    groups = [np.flatnonzero(strata == each) for each in np.unique(strata)]
    left = [group if chance is None else chance.permutation(group) for group in groups]
    parts = []
    for count in counts:
        shares = allocate([len(group) for group in left], count)
        taken = [group[:share] for group, share in zip(left, shares, strict=True)]
        left = [group[share:] for group, share in zip(left, shares, strict=True)]
        parts.append(np.sort(np.concatenate([np.empty(0, np.int64), *taken])))
    return parts


def draw_rows(rows: Rows, fraction: float, *, repeat: bool, chance: np.random.Generator) -> Rows:
    """A share of the rows, at least one where there is any, in order; with `repeat` a row may come several times."""
    if not len(rows):
        return rows
    # The small addition keeps 0.29 x 100 from becoming 28.
    count = max(1, math.floor(fraction * len(rows) + 1e-9))
    drawn: Rows = np.sort(chance.choice(rows, count, replace=repeat))
    return drawn


def count_repeats(weights: Vector) -> float:
    """How many rows `repeat_rows` gives, without making them."""
    return float(np.minimum(np.ceil(weights), 2.0**53).sum())


def repeat_rows(weights: Vector) -> Rows:
    """Each row as often as its weight, rounded up; rows of weight 0 are left out."""
    return np.repeat(np.arange(len(weights)), np.ceil(weights).astype(np.int64))
