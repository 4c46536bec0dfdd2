"""Grows a tree over parties with different samples of the same features: every member finds the same splits from sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.components.columns import Vector
from workers.components.gradient_slots import Rounding, fit_total
from workers.components.secure_sum import SecureSum
from workers.components.tree_criterion import Best, Criterion
from workers.components.tree_draft import Pair, TreeDraft
from workers.components.tree_grid import Flags, Grid, Whole, sample_features
from workers.components.tree_model import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class HomoTrees:
    """One member of the step; at one without samples the bins are those of none, and it only adds up."""

    sums: SecureSum
    grid: Grid
    codes: Whole
    validate_codes: Whole
    params: Mapping[str, Any]
    brings: bool
    """Whether this member has samples."""

    def grow(self, gradient: Vector, hessian: Vector, *, number: int) -> TreeDraft:
        """Tree `number`, the same at every member."""
        values = np.column_stack([gradient, hessian, np.ones(len(gradient))])
        sizes = self.add_up(np.abs(values).sum(axis=0))
        rounding = fit_total(float(sizes[0]), float(sizes[1]))
        growth = _Growth(
            trees=self, rounding=rounding, values=rounding.round(gradient, hessian), usable=self._draw(number)
        )
        total = rounding.restore(self.add_up(growth.values.sum(axis=0)))
        draft = TreeDraft.make(
            len(self.codes), len(self.validate_codes), total=(float(total[0]), float(total[1])), count=float(sizes[2])
        )
        level = [Pair(parent=-1, nodes=(0,))]
        histograms: dict[int, Vector] = {}
        for _depth in range(int(self.params["max_depth"])):
            level, histograms = growth.split_level(draft, level, histograms)
        draft.finish(Criterion.read(self.params), draft.totals)
        return draft

    def add_up(self, vector: Vector) -> Vector:
        """The sum over all parties."""
        return self.sums.add_up(vector if self.brings else None)

    def _draw(self, number: int) -> Flags:
        drawn = sample_features(len(self.grid.names), self.params["feature_rate"], [self.params["seed"], number, 0])
        return self.grid.choose_features(drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growth:
    """One tree while it grows."""

    trees: HomoTrees
    rounding: Rounding
    values: Vector
    usable: Flags

    def split_level(
        self, draft: TreeDraft, level: Sequence[Pair], before: Mapping[int, Vector]
    ) -> tuple[list[Pair], dict[int, Vector]]:
        """Split what is worth it; the next level and the histograms of this one. `before` are those of the parents."""
        opened = [pair for pair in level if any(self._is_open(draft, node) for node in pair.nodes)]
        histograms = self._count(draft, opened, before)
        pairs = []
        for node in (node for pair in opened for node in pair.nodes if self._is_open(draft, node)):
            pair = self._split(draft, node, histograms[node])
            if pair is not None:
                pairs.append(pair)
        return pairs, histograms

    def _is_open(self, draft: TreeDraft, node: int) -> bool:
        params = self.trees.params
        return bool(draft.counts[node] >= max(params["min_sample_split"], 2 * params["min_leaf_node"]))

    def _count(self, draft: TreeDraft, level: Sequence[Pair], before: Mapping[int, Vector]) -> dict[int, Vector]:
        """Sums of gradients, hessians and samples in bins over all parties, of the smaller sibling; the other's follow."""
        if not level:
            return {}
        small = [min(pair.nodes, key=lambda node: draft.counts[node]) for pair in level]
        own = [self._count_own(draft.positions == node) for node in small]
        summed = self.trees.add_up(np.concatenate(own).ravel()).reshape(len(level), -1, 3)
        found = dict(zip(small, summed, strict=True))
        for pair, node in zip(level, small, strict=True):
            found |= {other: before[pair.parent] - found[node] for other in pair.nodes if other != node}
        return found

    def _count_own(self, here: Flags) -> Vector:
        values = np.column_stack([self.values[here], np.ones(int(here.sum()))])
        return self.trees.grid.count(self.trees.codes[here], values)

    def _split(self, draft: TreeDraft, node: int, histogram: Vector) -> Pair | None:
        grid, params = self.trees.grid, self.trees.params
        left, rows = grid.add_up(histogram), draft.counts[node]
        allowed = grid.allow(left[:, 2], rows, least=params["min_leaf_node"]) & self.usable
        best = Criterion.read(params).find_best(self.rounding.restore(left[:, :2]), draft.totals[node], allowed)
        return None if best is None else self._divide(draft, node, best, (left, histogram))

    def _divide(self, draft: TreeDraft, node: int, best: Best, sums: tuple[Vector, Vector]) -> Pair:
        (left, histogram), grid = sums, self.trees.grid
        candidate = int(best.candidates[0])
        count, missing = float(left[candidate, 2]), float(histogram[grid.starts[grid.feature[candidate] + 1] - 1, 2])
        side = grid.find_side(candidate, left=count, missing=missing, rows=draft.counts[node])
        children = len(draft.nodes), len(draft.nodes) + 1
        rule = grid.describe(candidate, missing_left=side)
        pair = draft.split(
            node,
            Split(left=children[0], right=children[1], owner="", gain=best.gain, rule=rule),
            grid.goes_left(candidate, self.trees.codes[draft.positions == node], missing_left=side),
            grid.goes_left(candidate, self.trees.validate_codes, missing_left=side),
        )
        draft.add_children(node, best.left[0], count)
        return pair
