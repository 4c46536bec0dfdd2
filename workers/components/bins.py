"""Cuts a column of numbers into bins: where the cuts are, and which bin a value lies in.

Bins are given by their upper ends, lowest first: a value lies in the first bin whose end it does not exceed, beyond the
last end in the last bin. Missing values make up a bin of their own after the last one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from workers.components.columns import Vector

Places = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def find_quantiles(values: Vector, count: int) -> list[float]:
    """The values at ranks n/count, 2n/count, ... n, each once; none for a column without values."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return []
    ranks = list_ranks(len(known), count)
    return [float(each) for each in np.unique(known[[rank - 1 for rank in ranks]])]


def list_ranks(rows: int, count: int) -> list[int]:
    """The ranks, from 1, of `count` quantiles of `rows` values; whole numbers, so that nothing is rounded."""
    return [max(1, -(-place * rows // count)) for place in range(1, count + 1)]


def find_buckets(values: Vector, count: int) -> list[float]:
    """Ends of `count` bins of equal width from the smallest to the largest value."""
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    low, high = float(known.min()), float(known.max())
    part = choose_part(low, high)
    width = (high * part - low * part) / count
    ends = [(low * part + width * place) / part for place in range(1, count)]
    return sorted({*ends, high}) if width else [high]


def choose_part(low: float, high: float) -> float:
    """What to multiply two numbers by so that their distance is finite: 1, or a half, which is exact for numbers so large."""
    with np.errstate(over="ignore"):
        return 1.0 if math.isfinite(high - low) else 0.5


def find_categories(values: Vector) -> list[float]:
    """Every value that occurs, as a bin of its own."""
    return [float(each) for each in np.unique(values[~np.isnan(values)])]


METHODS: Final[Mapping[str, Callable[[Vector, int], list[float]]]] = {
    "quantile": find_quantiles,
    "bucket": find_buckets,
}


def place_values(values: Vector, points: Sequence[float]) -> Places:
    """The bin of each value, from 0; that of missing values is the number of points."""
    found: Places = np.searchsorted(np.asarray(points[:-1], dtype=np.float64), values, side="left").astype(np.int64)
    found[np.isnan(values)] = len(points)
    return found


def count_bins(values: Vector, points: Sequence[float]) -> int:
    """The number of bins, that of missing values counted where there are some."""
    return len(points) + int(np.isnan(values).any())
