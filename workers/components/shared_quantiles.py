"""Finds quantiles of columns whose rows lie with several parties, from sums of counts alone.

The search is over the order of the floating-point numbers themselves, four bits of a number at a time. So after 16 sums
it ends with the very values that sorting all parties' rows together would give, however the values are spread.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from workers.components.bins import Places
from workers.components.columns import Vector
from workers.components.secure_sum import SecureSum

DIGIT_BITS: Final = 4
DIGITS: Final = 64 // DIGIT_BITS
Keys = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
"""Floats as whole numbers in the same order."""


def to_keys(values: Vector) -> Keys:
    """Whole numbers that are ordered as the floats are; 0.0 stands for -0.0, too."""
    bits = (values + 0.0).view(np.uint64)
    top = np.uint64(1 << 63)
    return np.where(bits & top, ~bits, bits | top)


def to_values(keys: Keys) -> Vector:
    """The floats that the whole numbers stand for."""
    top = np.uint64(1 << 63)
    bits = np.where(keys & top, keys ^ top, ~keys)
    found: Vector = bits.view(np.float64)
    return found


class SharedColumns:
    """One party's columns (None at a member without rows) and the sums over all parties."""

    def __init__(self, sums: SecureSum, columns: Sequence[Vector] | None, *, width: int) -> None:
        """`columns` may have NaN for missing values; `width` is their number, the same at every party."""
        self._sums = sums
        self._width = width
        self._keys = None if columns is None else [np.sort(to_keys(each[~np.isnan(each)])) for each in columns]
        self.rows: Places = self._add_counts([len(each) for each in self._keys] if self._keys is not None else None)
        """Values of each column at all parties together, missing ones left out."""

    def find(self, ranks: Sequence[Sequence[int]]) -> list[Vector]:
        """For each column the values at its ranks, from 1 to its number of rows."""
        flat = np.array([rank for each in ranks for rank in each], dtype=np.int64)
        owners = np.repeat(np.arange(self._width), [len(each) for each in ranks])
        low = np.zeros(len(flat), dtype=np.uint64)
        for digit in reversed(range(DIGITS)):
            step = np.uint64(1 << (DIGIT_BITS * digit))
            tries = np.arange(1, 1 << DIGIT_BITS, dtype=np.uint64) * step
            # How many values lie below each try: where fewer than the rank do, the value lies there or above.
            below = self._count(owners, low[:, None] + tries[None, :], side="left")
            low = low + np.uint64(1) * (below < flat[:, None]).sum(axis=1).astype(np.uint64) * step
        return np.split(to_values(low), np.cumsum([len(each) for each in ranks])[:-1])

    def count_up_to(self, points: Sequence[Vector]) -> list[Places]:
        """For each column how many values do not exceed each of its points."""
        owners = np.repeat(np.arange(self._width), [len(each) for each in points])
        keys = to_keys(np.concatenate([np.zeros(0), *points]))
        counts = self._count(owners, keys[:, None], side="right")[:, 0]
        return np.split(counts, np.cumsum([len(each) for each in points])[:-1])

    def _count(self, owners: Places, keys: Keys, *, side: str) -> Places:
        """Values of the owners' columns below (left) or up to (right) each key; keys are owners x tries."""
        counts = None
        if self._keys is not None:
            counts = np.zeros(keys.shape, dtype=np.int64)
            for place, known in enumerate(self._keys):
                mine = owners == place
                counts[mine] = np.searchsorted(known, keys[mine], side="left" if side == "left" else "right")
        return self._add_counts(None if counts is None else counts.ravel()).reshape(keys.shape)

    def _add_counts(self, counts: Sequence[int] | Places | None) -> Places:
        vector = None if counts is None else np.asarray(counts, dtype=np.float64)
        return np.rint(self._sums.add_up(vector)).astype(np.int64)
