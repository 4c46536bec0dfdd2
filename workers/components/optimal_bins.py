"""Joins many fine bins to few that still tell the label, from counts alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from workers.components.columns import Vector

Counts = Vector
"""A matrix of bins x 2: events and others of each bin, in the bins' order."""
Marks = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the joined bins should be like."""

    metric: str
    bins: int
    min_share: float
    """Of all rows, in a bin."""
    max_share: float
    mixed: bool
    """Whether each bin should hold both labels."""
    adjustment: float

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> "Target":
        """From a component's parameters, or from what `to_json` made."""
        return cls(**{name: params[name] for name in cls.__dataclass_fields__})

    def to_json(self) -> dict[str, Any]:
        """As it travels."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def join_bins(counts: Counts, target: Target) -> list[int]:
    """The last fine bin of each joined bin, in order.

    iv, gini and chi_square join the neighbours that lose least of the metric; ks splits where the shares of events
    and others lie furthest apart. Where the wishes contradict each other, fewer bins come first, as in FATE.
    """
    if not len(counts):
        return []
    return _split(counts, target) if target.metric == "ks" else _join(counts, target)


def _loss_of_iv(left: Counts, right: Counts, totals: Vector, adjustment: float) -> Vector:
    def find(counts: Counts) -> Vector:
        lift = np.where((counts == 0).any(axis=1), adjustment, 0.0)[:, None]
        rates = (counts + lift) / np.maximum(totals, 1.0)
        found: Vector = (rates[:, 0] - rates[:, 1]) * np.log(rates[:, 0] / rates[:, 1])
        return found

    return find(left) + find(right) - find(left + right)


def _loss_of_gini(left: Counts, right: Counts, _totals: Vector, _adjustment: float) -> Vector:
    def find(counts: Counts) -> Vector:
        rows = counts.sum(axis=1)
        found: Vector = rows - (counts**2).sum(axis=1) / np.maximum(rows, 1.0)
        return found

    return find(left + right) - find(left) - find(right)


def _chi_square(left: Counts, right: Counts, _totals: Vector, _adjustment: float) -> Vector:
    both = left + right
    rows = np.maximum(both.sum(axis=1, keepdims=True), 1.0)
    found = np.zeros(len(left))
    for part in (left, right):
        expected = part.sum(axis=1, keepdims=True) * both / rows
        found += ((part - expected) ** 2 / np.where(expected == 0, 1.0, expected)).sum(axis=1)
    return found


LOSSES: Final[Mapping[str, Callable[[Counts, Counts, Vector, float], Vector]]] = {
    "iv": _loss_of_iv,
    "gini": _loss_of_gini,
    "chi_square": _chi_square,
}
METRICS: Final = (*LOSSES, "ks")


def _join(counts: Counts, target: Target) -> list[int]:
    rows = float(counts.sum())
    bins = _Bins(counts, target, smallest=np.ceil(target.min_share * rows), largest=np.floor(target.max_share * rows))
    if target.mixed:
        bins.join_while(bins.is_pure, both=True, goal=0)
        bins.join_while(bins.is_pure, both=False, goal=0)
    bins.join_while(lambda: np.ones(len(bins.counts), dtype=bool), both=True, goal=target.bins)
    bins.join_while(bins.is_small, both=True, goal=0)
    bins.join_while(bins.is_small, both=False, goal=0)
    return bins.ends


class _Bins:
    """Neighbouring bins that are joined step by step."""

    def __init__(self, counts: Counts, target: Target, *, smallest: float, largest: float) -> None:
        self.counts = counts.astype(np.float64)
        self.ends = list(range(len(counts)))
        self._target, self._smallest, self._largest = target, smallest, largest
        self._totals: Vector = self.counts.sum(axis=0)

    def is_pure(self) -> Marks:
        """Bins that lack one of the labels."""
        found: Marks = (self.counts == 0).any(axis=1)
        return found

    def is_small(self) -> Marks:
        """Bins with too few rows."""
        found: Marks = self.counts.sum(axis=1) < self._smallest
        return found

    def join_while(self, is_wrong: Callable[[], Marks], *, both: bool, goal: int) -> None:
        """Join pairs of which both or one `is_wrong`, while more than `goal` bins are."""
        while len(self.counts) > 1:
            wrong = is_wrong()
            pairs = wrong[:-1] & wrong[1:] if both else wrong[:-1] | wrong[1:]
            pairs &= self.counts[:-1].sum(axis=1) + self.counts[1:].sum(axis=1) <= self._largest
            if wrong.sum() <= goal or not pairs.any():
                return
            loss = LOSSES[self._target.metric](self.counts[:-1], self.counts[1:], self._totals, self._target.adjustment)
            self._join_pair(int(np.argmin(np.where(pairs, loss, np.inf))))

    def _join_pair(self, left: int) -> None:
        self.counts[left] += self.counts[left + 1]
        self.counts = np.delete(self.counts, left + 1, axis=0)
        del self.ends[left]


def _split(counts: Counts, target: Target) -> list[int]:
    rows = float(counts.sum())
    smallest = np.ceil(target.min_share * rows)
    waiting, cuts = [(0, len(counts))], {len(counts) - 1}
    while waiting and len(cuts) < target.bins:
        # The part with most rows first, so that few bins are even ones.
        waiting.sort(key=lambda part: counts[slice(*part)].sum())
        start, stop = waiting.pop()
        at = _find_cut(counts[start:stop], smallest, mixed=target.mixed)
        if at is not None:
            cuts.add(start + at)
            waiting += [(start, start + at + 1), (start + at + 1, stop)]
    return sorted(cuts)


def _find_cut(counts: Counts, smallest: float, *, mixed: bool) -> int | None:
    """After which bin the part is best cut; None where it must stay whole."""
    sums = counts.cumsum(axis=0)
    total = sums[-1]
    if len(counts) < 2 or (total == 0).any():
        return None
    left, right = sums[:-1], total - sums[:-1]
    fits = (left.sum(axis=1) >= max(1.0, smallest)) & (right.sum(axis=1) >= max(1.0, smallest))
    if mixed:
        fits &= (left > 0).all(axis=1) & (right > 0).all(axis=1)
    gaps = np.abs(left[:, 0] / total[0] - left[:, 1] / total[1])
    return int(np.argmax(np.where(fits, gaps, -1.0))) if fits.any() else None
