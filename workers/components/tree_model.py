"""Boosted trees as they are kept in model files, and how samples find their leaves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from workers.components.columns import Vector
from workers.components.tree_grid import Flags, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A node that splits: the children's places in the tree, whose it is, and the rule or the name of the owner's rule."""

    left: int
    right: int
    owner: str
    gain: float
    rule: Rule | None = None
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A node that ends a path; the weight is before the learning rate."""

    weight: float


Node = Split | Leaf
Tree = Sequence[Node]
"""The root first, children after their parents."""
Directions = Callable[[Split], Flags]
"""For each sample, whether a split sends it left, wherever the sample is in the tree."""


def predict_tree(tree: Tree, directions: Directions, *, rows: int) -> Vector:
    """Each sample's leaf weight."""
    places = np.zeros(rows, dtype=np.int64)
    weights = np.zeros(rows)
    for place, node in enumerate(tree):
        here = places == place
        if isinstance(node, Leaf):
            weights[here] = node.weight
        else:
            places[here] = np.where(directions(node)[here], node.left, node.right)
    return weights


def count_leaves(trees: Sequence[Tree]) -> int:
    """The leaves of all trees."""
    return sum(isinstance(node, Leaf) for tree in trees for node in tree)


def list_splits(trees: Sequence[Tree]) -> list[Split]:
    """The splits of all trees."""
    return [node for tree in trees for node in tree if isinstance(node, Split)]


def measure_importance(trees: Sequence[Tree], kind: str) -> dict[str, float]:
    """How often (`split`) or with how much gain (`gain`) each feature, or each other party, splits; largest first."""
    found: dict[str, float] = {}
    for split in list_splits(trees):
        name = split.rule.feature if split.rule else split.owner
        found[name] = found.get(name, 0.0) + (split.gain if kind == "gain" else 1)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def render_rule(rule: Rule) -> dict[str, Any]:
    """As a model file holds it; `cut` null means that all values that are there go left."""
    return asdict(rule)


def parse_rule(sent: Mapping[str, Any]) -> Rule:
    """What `render_rule` made; KeyError or TypeError for anything else."""
    cut = sent["cut"]
    return Rule(
        feature=str(sent["feature"]),
        cut=None if cut is None else float(cut),
        missing_left=bool(sent["missing_left"]),
    )


def render_tree(tree: Tree) -> list[dict[str, Any]]:
    """As a model file holds it."""
    return [_render_node(node) for node in tree]


def _render_node(node: Node) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"weight": node.weight}
    where = {"rule": render_rule(node.rule)} if node.rule else {"record": node.record}
    return {"left": node.left, "right": node.right, "owner": node.owner, "gain": node.gain, **where}


def parse_tree(sent: Sequence[Mapping[str, Any]]) -> list[Node]:
    """What `render_tree` made; KeyError, TypeError or ValueError for anything else."""
    nodes = [_parse_node(each) for each in sent]
    for place, node in enumerate(nodes):
        if isinstance(node, Split) and not (place < node.left < len(nodes) and place < node.right < len(nodes)):
            raise ValueError(f"node {place} has children {node.left} and {node.right}")
    return nodes


def _parse_node(sent: Mapping[str, Any]) -> Node:
    if "weight" in sent:
        return Leaf(weight=float(sent["weight"]))
    return Split(
        left=int(sent["left"]),
        right=int(sent["right"]),
        owner=str(sent["owner"]),
        gain=float(sent["gain"]),
        rule=parse_rule(sent["rule"]) if "rule" in sent else None,
        record=str(sent.get("record", "")),
    )
