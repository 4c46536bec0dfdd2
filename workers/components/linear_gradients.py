"""Gradients of linear and logistic models whose features lie with several parties, from shared moments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from workers.components.cipher_matrix import Layout
from workers.components.columns import Vector
from workers.components.fixed_point import FEATURE_BITS, WEIGHT_BITS, to_real, to_whole
from workers.components.glm_family import Family
from workers.components.glm_gradients import Batch
from workers.components.group_masks import GroupMasks, from_words, to_words
from workers.components.moments import Block, Columns, Ring, share_moments
from workers.components.pair_link import encrypt_rows


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
