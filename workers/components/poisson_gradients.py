"""Gradients of a Poisson model whose features lie with two parties, from encrypted factors of every row's rate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fedrota.component import InvalidInputError
from workers.components.cipher_matrix import Layout
from workers.components.columns import Vector
from workers.components.fixed_point import FACTOR_BITS, FEATURE_BITS, LIMIT_BITS, PRODUCT_BITS, to_real, to_whole
from workers.components.glm_gradients import Batch
from workers.components.group_masks import from_words, to_words
from workers.components.moments import Columns, Ring
from workers.components.pair_link import PairLink, encrypt_rows


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
