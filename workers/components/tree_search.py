"""Finds the best split of a tree's nodes over all parties' candidates, the hosts' from encrypted sums."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fedrota.component import Context, Member
from workers.components.columns import Vector
from workers.components.gradient_slots import Rounding
from workers.components.tree_criterion import Best, Criterion
from workers.components.tree_draft import Pair, TreeDraft
from workers.components.tree_grid import Flags, Grid, Whole
from workers.components.tree_host_link import Family, HostLink, Sums

Found = Mapping[int, tuple[Member, Best]]
"""By node: whose split it is, and the candidates that are equally good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the guest compares for one tree."""

    context: Context
    links: Mapping[Member, HostLink]
    criterion: Criterion
    grid: Grid
    codes: Whole
    usable: Flags
    rounded: Vector
    """Each sample's gradient and hessian as whole numbers."""
    rounding: Rounding
    active: Flags

    def find(self, draft: TreeDraft, level: Sequence[Pair], owners: Sequence[Member]) -> Found:
        """The best split of each node of a level that is worth one; the first owner's where several are equally good."""
        opened = {node: pair for pair in level for node in pair.nodes if self._is_open(draft, node)}
        hosts = [owner for owner in owners if owner in self.links]
        if opened and hosts:
            self._fetch(draft, opened, hosts)
        found = {node: best for node in opened if (best := self._choose(draft, node, owners)) is not None}
        for link in self.links.values():
            link.forget([pair.parent for pair in level] + [node for node in opened if node not in found])
        return found

    def _is_open(self, draft: TreeDraft, node: int) -> bool:
        params = self.context.params
        return bool(draft.counts[node] >= max(params["min_sample_split"], 2 * params["min_leaf_node"]))

    def _fetch(self, draft: TreeDraft, opened: Mapping[int, Pair], hosts: Sequence[Member]) -> None:
        plans = {host: list(_plan(draft, opened, self.links[host])) for host in hosts}
        asked = [node for families in plans.values() for family in families for node in family if node is not None]
        positions = np.where(np.isin(draft.positions, asked), draft.positions, -1)
        for host, families in plans.items():
            self.links[host].ask(families, positions)
        parents = {node: pair.parent for pair in opened.values() for node in pair.nodes}
        for host, families in plans.items():
            self.links[host].collect(families, parents)

    def _choose(self, draft: TreeDraft, node: int, owners: Sequence[Member]) -> tuple[Member, Best] | None:
        found: tuple[Member, Best] | None = None
        for owner in owners:
            sums = self.links[owner].sums[node] if owner in self.links else self._sum_own(draft, node)
            left = self.rounding.restore(sums.left)
            best = self.criterion.find_best(left, draft.totals[node], sums.allowed)
            if best is not None and (found is None or best.gain > found[1].gain):
                found = owner, best
        return found

    def _sum_own(self, draft: TreeDraft, node: int) -> Sums:
        here = (draft.positions == node) & self.active
        values = np.column_stack([self.rounded[here], np.ones(int(here.sum()))])
        left = self.grid.add_up(self.grid.count(self.codes[here], values))
        least = self.context.params["min_leaf_node"]
        allowed = self.grid.allow(left[:, 2], draft.counts[node], least=least) & self.usable
        return Sums(left=left[:, :2], allowed=allowed)


def _plan(draft: TreeDraft, opened: Mapping[int, Pair], link: HostLink) -> Iterator[Family]:
    """The smaller one of each two siblings, whose larger one's sums are the parent's less those."""
    for pair in dict.fromkeys(opened.values()):
        ordered = sorted(pair.nodes, key=lambda node: draft.counts[node])
        if pair.parent in link.sums and ordered[-1] in opened:
            yield ordered[0], ordered[1]
        else:
            yield from ((node, None) for node in pair.nodes if node in opened)
