"""Gradients of a generalised linear model whose features lie with several parties; each learns its own part only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from fedrota.component import InvalidInputError
from workers.components.cipher_matrix import Layout
from workers.components.columns import Vector
from workers.components.fixed_point import (
    FACTOR_BITS,
    FEATURE_BITS,
    LIMIT_BITS,
    PRODUCT_BITS,
    WEIGHT_BITS,
    to_real,
    to_whole,
)
from workers.components.glm_family import Family
from workers.components.group_masks import GroupMasks, from_words, to_words
from workers.components.moments import Block, Columns, Ring, share_moments
from workers.components.pair_link import PairLink, encrypt_rows

Batch = Sequence[int]


class Gradients(Protocol):
    """The sum of the loss's gradients over a batch, for this party's own weights."""

    def prepare(self, columns: Columns, batches: Sequence[Batch], report: Callable[[float], None]) -> None:
        """What is done once, with this party's columns of the samples to train with."""

    def find(self, batch: int, weights: Vector) -> Vector:
        """The gradient with all parties' present weights; every owner calls it at the same time."""

    def find_first(self, batch: int) -> Vector:
        """The gradient where the weights of all parties are zero; takes no messages."""

    def find_target(self, batch: int) -> Vector:
        """The part of the gradient that the labels make, which does not depend on weights."""


@dataclass(slots=True, kw_only=True)
class LinearGradients:
    """Gradients that grow linearly with the score (linear, and logistic by its Taylor polynomial)."""

    ring: Ring
    masks: GroupMasks
    family: Family
    blocks: list[Block] = field(default_factory=list)
    targets: list[Vector] = field(default_factory=list)
    turn: int = 0

    def prepare(self, columns: Columns, batches: Sequence[Batch], report: Callable[[float], None]) -> None:
        """Share the moments of each batch, and let each party have its own with the target."""
        for place, batch in enumerate(batches):
            part = columns if len(batches) == 1 else columns.take(batch)
            block = share_moments(self.ring, part)
            self.blocks.append(block)
            self.targets.append(to_real(self._reveal_target(block, place), 2 * FEATURE_BITS))
            report((place + 1) / len(batches))

    def find(self, batch: int, weights: Vector) -> Vector:
        """X'(slope x Xw) + X'target: own terms in the clear, the others' under encryption."""
        block = self.blocks[batch]
        whole = [row[0] for row in to_whole(weights[:, None], WEIGHT_BITS)]
        crossed = to_real(self._multiply_cross(block, whole), 2 * FEATURE_BITS + WEIGHT_BITS)
        own: Vector = block.own.astype(float) * 2.0 ** (-2 * FEATURE_BITS) @ weights
        return self.family.slope * (own + crossed) + self.targets[batch]

    def find_first(self, batch: int) -> Vector:
        """The labels' part alone."""
        return self.targets[batch]

    def find_target(self, batch: int) -> Vector:
        """The labels' part."""
        return self.targets[batch]

    def _reveal_target(self, block: Block, turn: int) -> list[int]:
        exchange, me = self.ring.context.exchange, self.ring.me
        if me.role == "guest":
            for link in self.ring.links:
                exchange.send(link.peer, "target_share", to_words(block.target[link.peer].tolist()), round=turn)
            return list(block.target[me])
        guest = self.ring.earlier[0].peer
        share = from_words(exchange.recv(guest, "target_share", round=turn))
        return [one + other for one, other in zip(block.target[me], share, strict=True)]

    def _multiply_cross(self, block: Block, weights: list[int]) -> list[int]:
        """Own columns with the sum of all others' scores."""
        self.turn += 1
        ring = self.ring
        layout = Layout(columns=1, bound_bits=ring.bounds.slope, key_bits=ring.key_bits)
        cipher = encrypt_rows(ring.links[0].key, [[each] for each in weights], layout)
        for link in ring.links:
            link.send(cipher)
        total = np.zeros(ring.terms[ring.me], dtype=object)
        for link in ring.links:
            # The peer's weights times my share: what is left of the masks is mine to take off.
            masked = link.multiply(block.cross[link.peer].T.tolist(), layout)
            total = total + np.array([row[0] for row in masked], dtype=object)
        for link in ring.links:
            opened = np.array([row[0] for row in link.open(layout, rows=ring.terms[link.peer])], dtype=object)
            part = opened + block.cross[link.peer].T.dot(np.array(weights, dtype=object))
            self.masks.send(link.peer, "slope", to_words(part.tolist()), turn=self.turn)
        received = from_words(self.masks.receive("slope", turn=self.turn))
        return from_words(to_words([int(one) + other for one, other in zip(total, received, strict=True)]))


@dataclass(slots=True, kw_only=True)
class PoissonGradients:
    """Gradients of the Poisson model with one host: the rate is the product of both parties' e^u."""

    ring: Ring
    columns: list[Columns] = field(default_factory=list)
    targets: list[Vector] = field(default_factory=list)
    turns: int = 0

    @property
    def link(self) -> PairLink:
        """To the other party."""
        return self.ring.links[0]

    def prepare(self, columns: Columns, batches: Sequence[Batch], report: Callable[[float], None]) -> None:
        """Let the host have its columns' products with the labels."""
        self.columns = [columns if len(batches) == 1 else columns.take(batch) for batch in batches]
        for place, part in enumerate(self.columns):
            self.targets.append(to_real(self._find_target(part, place), 2 * FEATURE_BITS))
            report((place + 1) / len(batches))

    def find(self, batch: int, weights: Vector) -> Vector:
        """X'(e^own e^other) + X'target, with the other's e^u under encryption."""
        part = self.columns[batch]
        features = np.array(part.values, dtype=float) * 2.0**-FEATURE_BITS
        factors = self._find_factors(features @ weights)
        products = features * factors[:, None]
        if np.abs(products).max(initial=0.0) > 2.0**PRODUCT_BITS:
            raise InvalidInputError(_diverged(self.ring))
        layout = self._layout(self.ring.bounds.factor_sum)
        self.link.send(encrypt_rows(self.link.key, to_whole(factors[:, None], FACTOR_BITS), layout))
        mine = self.link.multiply(to_whole(products, FACTOR_BITS), layout)
        crossed = self._swap(mine, layout, name="slope", turn=self.turns)
        self.turns += 1
        return to_real(crossed, 2 * FACTOR_BITS) + self.targets[batch]

    def find_first(self, batch: int) -> Vector:
        """With all weights zero the rate of every row is 1."""
        ones = np.array(self.columns[batch].values, dtype=float).sum(axis=0) * 2.0**-FEATURE_BITS
        first: Vector = ones + self.targets[batch]
        return first

    def find_target(self, batch: int) -> Vector:
        """The labels' part."""
        return self.targets[batch]

    def _find_factors(self, scores: Vector) -> Vector:
        if np.abs(scores).max(initial=0.0) > LIMIT_BITS * np.log(2):
            raise InvalidInputError(_diverged(self.ring))
        return np.exp(scores)

    def _find_target(self, part: Columns, turn: int) -> list[int]:
        layout, exchange = self._layout(self.ring.bounds.moment), self.ring.context.exchange
        if part.target is None:
            mine = [row[0] for row in self.link.multiply(part.values, layout)]
            share = from_words(exchange.recv(self.link.peer, "target_share", round=turn))
            return [one + other for one, other in zip(mine, share, strict=True)]
        self.link.send(encrypt_rows(self.link.key, [[each] for each in part.target], layout))
        opened = self.link.open(layout, rows=self.ring.terms[self.link.peer])
        exchange.send(self.link.peer, "target_share", to_words([row[0] for row in opened]), round=turn)
        return [
            sum(row[place] * each for row, each in zip(part.values, part.target, strict=True))
            for place in range(part.width)
        ]

    def _swap(self, mine: list[list[int]], layout: Layout, *, name: str, turn: int) -> list[int]:
        """Give the peer its result's other share, get one's own, and put both shares together."""
        exchange, peer = self.ring.context.exchange, self.link.peer
        opened = self.link.open(layout, rows=self.ring.terms[peer])
        exchange.send(peer, name, to_words([row[0] for row in opened]), round=turn)
        share = from_words(exchange.recv(peer, name, round=turn))
        return from_words(to_words([row[0] + other for row, other in zip(mine, share, strict=True)]))

    def _layout(self, bits: int) -> Layout:
        return Layout(columns=1, bound_bits=bits, key_bits=self.ring.key_bits)


def _diverged(ring: Ring) -> str:
    return (
        f"training at party {ring.me.party} has diverged (its share of the rate leaves 1e-6 ... 1e6): lower "
        "`learning_rate`, or set `scale: true`"
    )
