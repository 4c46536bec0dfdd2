"""Reals as whole numbers for arithmetic on ciphertexts, and how many bits each kind of number may take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from workers.components.cipher_matrix import MASK_BITS
from workers.components.columns import Vector

Whole = np.ndarray[tuple[int, ...], np.dtype[np.object_]]
"""An array of Python's whole numbers of any size."""
FEATURE_BITS: Final = 20
"""Bits after the point of features and labels."""
WEIGHT_BITS: Final = 40
FACTOR_BITS: Final = 30
"""Bits after the point of e^u and its products with features."""
LIMIT_BITS: Final = 20
"""Weights, labels, unscaled features and e^u stay below 2^20."""
PRODUCT_BITS: Final = 32


def to_whole(values: Vector, bits: int) -> list[list[int]]:
    """A matrix of reals with `bits` bits after the point, as rows of whole numbers."""
    rows: list[list[int]] = np.rint(values * 2.0**bits).astype(np.int64).tolist()
    return rows


def to_real(numbers: Sequence[int], bits: int) -> Vector:
    """Reals from whole numbers with `bits` bits after the point."""
    return np.array([float(number) for number in numbers]) * 2.0**-bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How many bits the numbers of one training take; from what all parties know, not from anybody's values."""

    rows: int
    terms: int
    """Features of all parties and the intercept."""
    scaled: bool
    small_labels: bool

    @property
    def feature(self) -> int:
        """A feature: a standardised value is never above the root of the number of rows."""
        return FEATURE_BITS + 1 + ((self.rows.bit_length() + 1) // 2 if self.scaled else LIMIT_BITS)

    @property
    def label(self) -> int:
        """A label, or half a unit for classes."""
        return FEATURE_BITS + 1 + (0 if self.small_labels else LIMIT_BITS)

    @property
    def moment(self) -> int:
        """A sum of products of two features, or of a feature and a label."""
        return self.feature + max(self.feature, self.label) + self.rows.bit_length()

    @property
    def share(self) -> int:
        """One party's share of such a sum."""
        return self.moment + MASK_BITS + 1

    @property
    def slope(self) -> int:
        """A sum of shares times weights."""
        return self.share + WEIGHT_BITS + LIMIT_BITS + 1 + self.terms.bit_length()

    @property
    def factor_sum(self) -> int:
        """A sum of one party's e^u times the other's e^u x."""
        return FACTOR_BITS + LIMIT_BITS + 1 + FACTOR_BITS + PRODUCT_BITS + 1 + self.rows.bit_length()
