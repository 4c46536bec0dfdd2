"""A tree while it grows: where each sample is, which nodes are open, and the tree that comes out in the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from workers.components.columns import Vector
from workers.components.tree_criterion import Criterion
from workers.components.tree_grid import Flags, Whole
from workers.components.tree_model import Leaf, Node, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two children of a split (the root is a pair of one), the smaller one first."""

    parent: int
    nodes: Sequence[int]


@dataclass(slots=True, kw_only=True)
class TreeDraft:
    """Nodes are numbered as they come up, so that children stand after their parents."""

    positions: Whole
    """The node of each training sample."""
    validate_positions: Whole
    totals: list[tuple[float, float]]
    """Sums of gradients and hessians of each node, as splits are compared by."""
    counts: list[float]
    """Samples that the tree is built from, in each node."""
    nodes: list[Node] = field(default_factory=lambda: [Leaf(weight=0.0)])

    @classmethod
    def make(cls, rows: int, validate_rows: int, *, total: tuple[float, float], count: float) -> "TreeDraft":
        """A root with all samples in it."""
        return cls(
            positions=np.zeros(rows, dtype=np.int64),
            validate_positions=np.zeros(validate_rows, dtype=np.int64),
            totals=[total],
            counts=[count],
        )

    def split(self, node: int, split: Split, left: Flags, left_validate: Flags) -> Pair:
        """Send the node's training samples left or right, and the validation samples too (flags for all of them)."""
        here, outside = self.positions == node, self.validate_positions == node
        self.positions[here] = np.where(left, split.left, split.right)
        self.validate_positions[outside] = np.where(left_validate[outside], split.left, split.right)
        self.nodes[node] = split
        self.nodes += [Leaf(weight=0.0), Leaf(weight=0.0)]
        return Pair(parent=node, nodes=(split.left, split.right))

    def add_children(self, node: int, left: Vector, count: float) -> None:
        """Note the children's sums, from those on the left (gradient, hessian)."""
        total, whole = self.totals[node], self.counts[node]
        gradient, hessian = float(left[0]), float(left[1])
        self.totals += [(gradient, hessian), (total[0] - gradient, total[1] - hessian)]
        self.counts += [count, whole - count]

    def finish(self, criterion: Criterion, sums: Sequence[tuple[float, float]]) -> None:
        """Give the leaves their weights, from each node's sums as reals."""
        for place, node in enumerate(self.nodes):
            if isinstance(node, Leaf):
                self.nodes[place] = Leaf(weight=criterion.weigh(*sums[place]))

    def list_weights(self) -> tuple[Vector, Vector]:
        """The leaf weight of each training and of each validation sample."""
        weights = np.array([node.weight if isinstance(node, Leaf) else 0.0 for node in self.nodes])
        return weights[self.positions], weights[self.validate_positions]
