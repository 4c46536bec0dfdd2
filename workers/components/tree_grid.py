"""Where a party's columns are cut into bins, and the ways to split samples in two that follow from the cuts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from workers.components.bins import find_quantiles, place_values
from workers.components.columns import Vector

Whole = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which samples go left: values up to `cut` (None: all values that are there), and perhaps missing ones."""

    feature: str
    cut: float | None
    missing_left: bool

    def goes_left(self, values: Vector) -> Flags:
        """For each value of the feature, whether its sample goes left."""
        missing = np.isnan(values)
        left: Flags = (values <= (np.inf if self.cut is None else self.cut)) & ~missing
        return left | missing if self.missing_left else left


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The columns' bins in one row, column after column, each column's missing values last; and the candidates.

    A candidate is a way to split: a column, the last bin on the left, and the side of missing values. Both sides are
    tried only where the column had missing values. The arrays from `feature` on have an entry for each candidate.
    """

    names: Sequence[str]
    points: Sequence[Sequence[float]]
    """The upper ends of each column's bins."""
    starts: Whole
    """The first bin of each column; at the end, the number of all bins."""
    feature: Whole
    last: Whole
    missing_left: Flags
    nested: Whole
    """The next smaller candidates: two rows; a candidate with as many samples as one of them splits as it does."""

    @classmethod
    def make(cls, names: Sequence[str], points: Sequence[Sequence[float]], gaps: Sequence[bool]) -> Self:
        """The grid for columns cut at `points`; `gaps` says which columns have missing values."""
        starts = np.cumsum([0, *(len(ends) + 1 for ends in points)])
        found: list[tuple[int, int, bool, int, int]] = []
        for place, (ends, gap) in enumerate(zip(points, gaps, strict=True)):
            found += _list_candidates(place, int(starts[place]), len(ends), gap=gap, before=len(found))
        table = np.array(found, dtype=np.int64).reshape(len(found), 5)
        return cls(
            names=tuple(names),
            points=points,
            starts=starts,
            feature=table[:, 0],
            last=table[:, 1],
            missing_left=table[:, 2].astype(bool),
            nested=table[:, 3:].T,
        )

    @classmethod
    def measure(cls, names: Sequence[str], features: Vector, *, bins: int) -> Self:
        """The grid of columns cut at their own quantiles."""
        points = [find_quantiles(features[:, place], bins) for place in range(len(names))]
        return cls.make(names, points, [bool(np.isnan(column).any()) for column in features.T])

    def __len__(self) -> int:
        """The number of candidates."""
        return len(self.feature)

    def place(self, features: Vector) -> Whole:
        """The bin of each value, samples x columns."""
        columns = [place_values(features[:, place], ends) for place, ends in enumerate(self.points)]
        placed: Whole = np.array(columns, dtype=np.int64).reshape(len(columns), len(features)).T
        return placed + self.starts[:-1]

    def count(self, codes: Whole, values: Vector) -> Vector:
        """The sum of each of the samples' `values` (samples x kinds) in each bin: bins x kinds."""
        kinds = [np.repeat(values[:, kind], codes.shape[1]) for kind in range(values.shape[1])]
        flat, size = codes.ravel(), int(self.starts[-1])
        return np.array([np.bincount(flat, weights=each, minlength=size) for each in kinds]).T

    def add_up(self, histogram: Vector) -> Vector:
        """What goes left with each candidate, from sums in bins: candidates x kinds."""
        before = np.zeros((len(histogram) + 1, histogram.shape[1]))
        # Column by column, so that sums stay as small and exact as a single column's.
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            before[start + 1 : end + 1] = np.cumsum(histogram[start:end], axis=0)
        left = before[self.last + 1]
        missing = histogram[self.starts[self.feature + 1] - 1]
        return left + np.where(self.missing_left[:, None], missing, 0.0)

    def allow(self, left: Vector, rows: float, *, least: int) -> Flags:
        """Which candidates leave `least` samples on each side and split unlike all before; from counts on the left."""
        fits: Flags = (left >= least) & (rows - left >= least)
        for smaller in self.nested:
            fits &= (smaller < 0) | (left != left[smaller])
        return fits

    def goes_left(self, candidate: int, codes: Whole, *, missing_left: bool) -> Flags:
        """Which samples the candidate sends left, missing values as told."""
        left: Flags = codes[:, self.feature[candidate]] <= self.last[candidate]
        return left | self.is_missing(candidate, codes) if missing_left else left

    def is_missing(self, candidate: int, codes: Whole) -> Flags:
        """Which samples have no value in the candidate's column."""
        feature = self.feature[candidate]
        found: Flags = codes[:, feature] == self.starts[feature + 1] - 1
        return found

    def find_side(self, candidate: int, *, left: float, missing: float, rows: float) -> bool:
        """Whether missing values go left: as tried, or where a node has none with most of its samples; from counts."""
        return bool(self.missing_left[candidate]) if missing else 2 * left >= rows

    def choose_side(self, candidate: int, codes: Whole) -> bool:
        """The same, from the bins of the node's samples."""
        return self.find_side(
            candidate,
            left=float(self.goes_left(candidate, codes, missing_left=False).sum()),
            missing=float(self.is_missing(candidate, codes).sum()),
            rows=float(len(codes)),
        )

    def describe(self, candidate: int, *, missing_left: bool) -> Rule:
        """The candidate as a rule for any samples."""
        feature = int(self.feature[candidate])
        ends, place = self.points[feature], int(self.last[candidate] - self.starts[feature])
        return Rule(
            feature=self.names[feature],
            cut=float(ends[place]) if place < len(ends) - 1 else None,
            missing_left=missing_left,
        )

    def choose_features(self, features: Whole) -> Flags:
        """The candidates that cut one of these columns."""
        return np.isin(self.feature, features)


def _list_candidates(
    place: int, start: int, bins: int, *, gap: bool, before: int
) -> list[tuple[int, int, bool, int, int]]:
    """Column, last bin on the left, missing values left, and the places of the next smaller candidates (-1: none)."""
    cuts = bins if gap else bins - 1
    found = [(place, start + cut, False, before + cut - 1 if cut else -1, -1) for cut in range(cuts)]
    if gap:
        begin = before + cuts
        found += [
            (place, start + cut, True, before + cut, begin + cut - 1 if cut else -1) for cut in range(max(0, bins - 1))
        ]
    return found


def sample_features(count: int, rate: float, seed: Sequence[int]) -> Whole:
    """The columns that a tree may use: `rate` of them, at least one, drawn anew for each seed."""
    if rate >= 1 or not count:
        return np.arange(count)
    return np.random.default_rng(list(seed)).choice(count, size=max(1, int(rate * count)), replace=False)
