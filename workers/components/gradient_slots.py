"""Gradients and hessians as whole numbers, and how pairs of their sums lie in the plaintexts of a ciphertext.

A pair is gradient x 2^slot + hessian, of which sums may be negative; packing shifts pair after pair. Digits are read from
the lowest up, each nearest to zero, so that no offset has to be known.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from workers.components.columns import Vector

PRECISION_BITS: Final = 32
"""Bits of a single gradient or hessian, relative to the largest one of the tree."""

SUM_BITS: Final = 51
"""Bits of a sum that float64 still holds exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Gradients and hessians in steps of a power of two each, so that sums are exact whatever their order."""

    gradient: float
    hessian: float
    """Steps in a unit."""

    @classmethod
    def fit(cls, gradients: Vector, hessians: Vector) -> Self:
        """The finest steps with which no number takes more than PRECISION_BITS."""
        return cls(gradient=_count_steps(gradients), hessian=_count_steps(hessians))

    def round(self, gradients: Vector, hessians: Vector) -> Vector:
        """Whole numbers, as float64: samples x (gradient, hessian)."""
        return np.rint(np.column_stack([gradients * self.gradient, hessians * self.hessian]))

    def restore(self, sums: Vector) -> Vector:
        """Reals from sums of whole numbers."""
        restored: Vector = sums / np.array([self.gradient, self.hessian])
        return restored


def _count_steps(values: Vector) -> float:
    return _divide_unit(float(np.abs(values).max(initial=0.0)), PRECISION_BITS)


def _divide_unit(largest: float, bits: int) -> float:
    """Steps in a unit with which `largest` takes `bits` bits."""
    exponent = math.frexp(largest)[1] if largest > 0 else 0
    return 2.0 ** (bits - max(exponent, -900))


def fit_total(gradients: float, hessians: float) -> Rounding:
    """The finest steps with which no sum is rounded, from the sums of all magnitudes."""
    return Rounding(gradient=_divide_unit(gradients, SUM_BITS), hessian=_divide_unit(hessians, SUM_BITS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """How pairs of sums over at most `rows` samples lie in plaintexts of a key."""

    rows: int
    key_bits: int

    @property
    def slot(self) -> int:
        """Bits of one sum: a number's, the carry's, and the sign."""
        return PRECISION_BITS + self.rows.bit_length() + 2

    @property
    def pair(self) -> int:
        """Bits of a gradient's and a hessian's sum together."""
        return 2 * self.slot

    @property
    def per_plaintext(self) -> int:
        """Pairs in a plaintext."""
        return (self.key_bits - 2) // self.pair

    def join(self, rounded: Vector) -> list[int]:
        """Each sample's pair as one number, to be encrypted."""
        return [(int(gradient) << self.slot) + int(hessian) for gradient, hessian in rounded.tolist()]

    def split(self, plaintexts: Sequence[int], *, modulus: int, count: int) -> Vector:
        """The `count` pairs of sums in decrypted numbers (0 to modulus - 1), packed lowest first."""
        found: list[int] = []
        for start, plaintext in zip(range(0, count, self.per_plaintext), plaintexts, strict=True):
            signed = plaintext - modulus if plaintext > modulus // 2 else plaintext
            found += self._read(signed, 2 * min(self.per_plaintext, count - start))
        return np.array(found, dtype=np.float64).reshape(count, 2)[:, ::-1]

    def _read(self, number: int, digits: int) -> Iterator[int]:
        half, mask = 1 << (self.slot - 1), (1 << self.slot) - 1
        for _place in range(digits):
            digit = ((number + half) & mask) - half
            number = (number - digit) >> self.slot
            yield digit
