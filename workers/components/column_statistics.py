"""Statistics of one column, in plain numpy; what is undefined or beyond float64 is None."""

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from workers.components.columns import Vector

SUMMARY: Final = (
    "sum",
    "mean",
    "stddev",
    "median",
    "min",
    "max",
    "missing_ratio",
    "missing_count",
    "skewness",
    "kurtosis",
    "coefficient_of_variance",
)
NAMES: Final = (*SUMMARY, "count", "variance")
PERCENTILE: Final = re.compile(r"(100|[1-9]?[0-9])%")
NEAR_ZERO: Final = 1e-8
"""The least mean that a deviation is divided by."""


def is_statistic(name: str) -> bool:
    """Whether there is a statistic of this name; "25%" is the 25th percentile."""
    return name in NAMES or PERCENTILE.fullmatch(name) is not None


def measure(values: Vector, names: Sequence[str], *, bias: bool) -> dict[str, float | None]:
    """The named statistics of a column with NaN for gaps, which count as missing and nothing else.

    Variance and deviation are over n. Without `bias`, skewness and kurtosis (excess) are corrected for the number of
    values as scipy.stats does, where there are enough of them.
    """
    present = values[~np.isnan(values)]
    figures: dict[str, float | None] = {
        "count": len(present),
        "missing_count": len(values) - len(present),
        "missing_ratio": (len(values) - len(present)) / len(values) if len(values) else None,
    }
    if len(present):
        figures |= _measure_present(present, bias=bias)
        figures |= {name: float(np.percentile(present, float(name[:-1]))) for name in names if name.endswith("%")}
    return {name: _keep_finite(figures.get(name)) for name in names}


def _keep_finite(figure: float | None) -> float | None:
    return figure if figure is not None and math.isfinite(figure) else None


def _measure_present(values: Vector, *, bias: bool) -> dict[str, float | None]:
    # Squares of figures far from 1 leave float64's range; a power of two as the unit changes none of their digits.
    unit = 2.0 ** (math.frexp(float(np.abs(values).max()))[1] - 1)
    parts = values / unit
    mean = float(parts.mean())
    centred = parts - mean
    # A constant column's mean is not always its value to the last bit: what remains is rounding, not variance.
    variance = float((centred**2).mean()) if values.min() < values.max() else 0.0
    deviation = variance**0.5 * unit
    return {
        "sum": float(parts.sum()) * unit,
        "mean": mean * unit,
        "median": float(np.median(parts)) * unit,
        "min": float(values.min()),
        "max": float(values.max()),
        "variance": variance * unit * unit,
        "stddev": deviation,
        "coefficient_of_variance": deviation / max(abs(mean * unit), NEAR_ZERO),
        "skewness": _skewness(centred, variance, bias=bias),
        "kurtosis": _kurtosis(centred, variance, bias=bias),
    }


def _skewness(centred: Vector, variance: float, *, bias: bool) -> float:
    """Fisher's and Pearson's coefficient; 0 for a constant column."""
    if variance == 0:
        return 0.0
    count = len(centred)
    found = float(((centred / variance**0.5) ** 3).mean())
    return found if bias or count < 3 else found * (count * (count - 1)) ** 0.5 / (count - 2)


def _kurtosis(centred: Vector, variance: float, *, bias: bool) -> float:
    """Excess over the normal distribution; -3 for a constant column."""
    if variance == 0:
        return -3.0
    count = len(centred)
    found = float(((centred / variance**0.5) ** 4).mean())
    if bias or count < 4:
        return found - 3
    return ((count**2 - 1) * found - 3 * (count - 1) ** 2) / ((count - 2) * (count - 3))
