"""Second moments of the parties' columns, computed once: between two parties as shares that neither can read.

With the moments X'X and X'y at hand, a linear model's gradient needs no more pass over encrypted rows: an epoch
costs some products of small matrices, however many rows there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fedrota.component import Context, Member
from workers.components.cipher_matrix import Layout
from workers.components.columns import Vector
from workers.components.fixed_point import FEATURE_BITS, Bounds, Whole, to_whole
from workers.components.forks import Report
from workers.components.pair_link import PairLink, encrypt_rows

Words64 = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One party's side of the moments over some rows; whole numbers with 2 x FEATURE_BITS bits after the point."""

    rows: int
    own: Whole
    """Own columns with own columns, exact."""
    cross: Mapping[Member, Whole]
    """For each other party: this one's share of own columns with the other's."""
    target: Mapping[Member, Whole]
    """Shares of the target with a party's columns: the guest has one for each, a host its own with the guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A party's columns as whole numbers, rows x terms; the guest's end with the intercept, and it has the target."""

    values: list[list[int]]
    target: list[int] | None

    @classmethod
    def make(cls, features: Vector, target: Vector | None) -> "Columns":
        """Columns of reals; a target makes them the guest's."""
        if target is None:
            return cls(values=to_whole(features, FEATURE_BITS), target=None)
        with_intercept = np.column_stack([features, np.ones(len(features))])
        whole: list[int] = np.rint(target * 2.0**FEATURE_BITS).astype(np.int64).tolist()
        return cls(values=to_whole(with_intercept, FEATURE_BITS), target=whole)

    @property
    def width(self) -> int:
        """Terms of the party."""
        return len(self.values[0])

    def take(self, rows: Sequence[int]) -> "Columns":
        """Some of the rows."""
        target = None if self.target is None else [self.target[row] for row in rows]
        return Columns(values=[self.values[row] for row in rows], target=target)

    def with_target(self) -> list[list[int]]:
        """The rows with the target as a last column, where there is one."""
        if self.target is None:
            return self.values
        return [[*row, last] for row, last in zip(self.values, self.target, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The owners as one of them sees them: links to those before and those after it, and each one's terms."""

    context: Context
    earlier: Sequence[PairLink]
    later: Sequence[PairLink]
    terms: Mapping[Member, int]
    bounds: Bounds
    key_bits: int

    @property
    def me(self) -> Member:
        """The owner whose view this is."""
        return self.context.me

    @property
    def links(self) -> list[PairLink]:
        """To all others, in the owners' order."""
        return [*self.earlier, *self.later]

    def layout(self, owner: Member) -> Layout:
        """How rows of an owner's columns are packed."""
        return Layout(columns=self.terms[owner], bound_bits=self.bounds.moment, key_bits=self.key_bits)


def share_moments(ring: Ring, columns: Columns, *, report: Report | None = None) -> Block:
    """Compute the moments with all other owners; each makes this call with its columns of the same rows.

    Of two parties the later one encrypts its rows, and the earlier one, which may be the guest with the target,
    multiplies.
    """
    mine = ring.layout(ring.me)
    if ring.earlier:
        cipher = encrypt_rows(ring.earlier[0].key, columns.values, mine, report=report)
        for link in ring.earlier:
            link.send(cipher)
    cross: dict[Member, Whole] = {}
    target: dict[Member, Whole] = {}
    left = columns.with_target()
    for link in ring.later:
        share = _to_array(link.multiply(left, ring.layout(link.peer), report=report))
        cross[link.peer] = share[: columns.width]
        if columns.target is not None:
            target[link.peer] = share[columns.width]
    for link in ring.earlier:
        with_target = link.peer.role == "guest"
        share = _to_array(link.open(mine, rows=ring.terms[link.peer] + int(with_target)))
        cross[link.peer] = share[: ring.terms[link.peer]].T
        if with_target:
            target[ring.me] = share[-1]
    own = _multiply_own(columns.values, columns.values)
    if columns.target is not None:
        target[ring.me] = _multiply_own(columns.values, [[each] for each in columns.target])[:, 0]
    return Block(rows=len(columns.values), own=own, cross=cross, target=target)


def _to_array(rows: Sequence[Sequence[int]]) -> Whole:
    return np.array(rows, dtype=object)


def _multiply_own(left: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> Whole:
    """Transposed left times right without rounding: each number in two halves, so that the sums fit a word."""
    first, second = np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)
    total: Whole = np.zeros((first.shape[1], second.shape[1]), dtype=object)
    for start in range(0, len(first), 1024):
        total = total + _multiply_halves(first[start : start + 1024], second[start : start + 1024])
    return total


def _multiply_halves(left: Words64, right: Words64) -> Whole:
    half = 21
    parts = [(matrix & ((1 << half) - 1), matrix >> half) for matrix in (left, right)]
    product: Whole = np.zeros((left.shape[1], right.shape[1]), dtype=object)
    for place, one in enumerate(parts[0]):
        for other_place, other in enumerate(parts[1]):
            product = product + (one.T @ other).astype(object) * (1 << (half * (place + other_place)))
    return product
