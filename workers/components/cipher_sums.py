"""Adds up encrypted gradients in bins and packs the sums: what a host computes on the guest's ciphertexts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
from gmpy2 import mpz, powmod

from workers.components.forks import count_cores, run_forked
from workers.components.gradient_slots import Slots
from workers.components.paillier import Number, PublicKey
from workers.components.tree_grid import Grid, Whole

WORTH_FORKING: Final = 4000
"""Multiplications below which starting processes costs more than it saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTask:
    """A node whose sums are asked for: its samples' places, and the candidates to answer, in the order to answer them."""

    rows: Whole
    candidates: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class CipherSums:
    """The gradients of one tree under the guest's key, and this party's grid and bins."""

    key: PublicKey
    slots: Slots
    ciphertexts: Sequence[Number]
    """One for each of this party's samples; those that the tree leaves out are 1, an encrypted 0."""
    grid: Grid
    codes: Whole

    def answer(self, tasks: Sequence[NodeTask]) -> bytes:
        """What goes left with each candidate of each node, packed, under fresh randomness."""
        features = np.unique(np.concatenate([self.grid.feature[task.candidates] for task in tasks]))
        work = sum(len(task.rows) for task in tasks) * len(features)
        parts = _split(features.tolist(), work)
        sums: list[dict[int, Number]] = [{} for _task in tasks]
        for part in run_forked(lambda part: [self._sum_features(task, part) for task in tasks], parts):
            for found, more in zip(sums, part, strict=True):
                found.update(more)
        packs = [pack for task, found in zip(tasks, sums, strict=True) for pack in self._cut(task, found)]
        packed = run_forked(lambda part: [self._pack(pack) for pack in part], _split(packs, self._weigh_packs(packs)))
        # Without fresh randomness the guest could tell from the product which of its ciphertexts went into it.
        return self.key.render(self._refresh([each for part in packed for each in part]))

    def _sum_features(self, task: NodeTask, features: Sequence[int]) -> dict[int, Number]:
        found: dict[int, Number] = {}
        for feature in features:
            mine = task.candidates[self.grid.feature[task.candidates] == feature]
            if len(mine):
                found |= self._sum_candidates(feature, mine, self._sum_bins(feature, task.rows))
        return found

    def _sum_bins(self, feature: int, rows: Whole) -> list[Number]:
        start, end = int(self.grid.starts[feature]), int(self.grid.starts[feature + 1])
        bins, square = [mpz(1)] * (end - start), self.key.square
        for row, code in zip(rows.tolist(), (self.codes[rows, feature] - start).tolist(), strict=True):
            bins[code] = bins[code] * self.ciphertexts[row] % square
        return bins

    def _sum_candidates(self, feature: int, candidates: Whole, bins: Sequence[Number]) -> dict[int, Number]:
        square, start = self.key.square, int(self.grid.starts[feature])
        left = [mpz(1)]
        for each in bins[:-1]:
            left.append(left[-1] * each % square)
        found = {}
        for candidate in candidates.tolist():
            below = left[int(self.grid.last[candidate]) - start + 1]
            found[candidate] = below * bins[-1] % square if self.grid.missing_left[candidate] else below
        return found

    def _cut(self, task: NodeTask, found: dict[int, Number]) -> list[list[Number]]:
        ordered, size = [found[candidate] for candidate in task.candidates.tolist()], self.slots.per_plaintext
        return [ordered[start : start + size] for start in range(0, len(ordered), size)]

    def _weigh_packs(self, packs: Sequence[Sequence[Number]]) -> int:
        return sum(map(len, packs)) * self.slots.pair

    def _pack(self, numbers: Sequence[Number]) -> Number:
        shift, square = 1 << self.slots.pair, self.key.square
        return reduce(lambda packed, each: powmod(packed, shift, square) * each % square, reversed(numbers))

    def _refresh(self, packed: Sequence[Number]) -> list[Number]:
        noise = self.key.encrypt([0] * len(packed))
        return [each * fresh % self.key.square for each, fresh in zip(packed, noise, strict=True)]


def _split(items: Sequence[Any], work: int) -> list[Sequence[Any]]:
    """The items in as many parts as there are cores; one part where the work is small."""
    if work < WORTH_FORKING or count_cores() < 2:
        return [items]
    size = -(-len(items) // count_cores())
    return [items[start : start + size] for start in range(0, len(items), size)]
