"""Trains a linear or logistic model of two parties that see neither gradients nor weights until the end.

Every number of the training is the sum of two shares modulo 2^256, one at each party: moments, weights, gradients.
Products of one party's share with the other's are made under encryption (secret sharing with homomorphic encryption).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fedrota.component import InvalidInputError
from workers.components.cipher_matrix import Layout
from workers.components.columns import Vector
from workers.components.early_stop import Verdict
from workers.components.fixed_point import FEATURE_BITS, WEIGHT_BITS, Whole, to_real
from workers.components.glm_family import Family
from workers.components.glm_optimizers import STARTS
from workers.components.glm_training import PREPARED, Fit, check_weights
from workers.components.glm_watch import Watch
from workers.components.group_masks import RING, from_words, to_words
from workers.components.moments import Block, Columns, Ring, share_moments
from workers.components.paillier import Number
from workers.components.pair_link import PairLink, encrypt_rows

RING_BITS: Final = RING.bit_length() - 1
MOMENT_BITS: Final = 2 * FEATURE_BITS
LOSS_BITS: Final = MOMENT_BITS + WEIGHT_BITS + 20
DIVERGED: Final = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBlock:
    """This party's share of a batch's moments over the terms of both, guest's first: a symmetric matrix, a vector."""

    rows: int
    matrix: Whole
    target: Whole


@dataclass(slots=True, kw_only=True)
class SharedTraining:
    """One party's side; `weights` is its share of both parties' weights."""

    ring: Ring
    family: Family
    batches: Sequence[Sequence[int]]
    rest: float
    """What the guest adds to the summed loss; 0 at the host."""
    blocks: list[SharedBlock] = field(default_factory=list)
    weights: Whole = field(default_factory=lambda: np.zeros(0, dtype=object))
    watch: Watch | None = None

    @property
    def link(self) -> PairLink:
        """To the other party."""
        return self.ring.links[0]

    @property
    def is_guest(self) -> bool:
        """The guest is the first of both wherever the shares are not treated alike."""
        return not self.ring.earlier

    @property
    def guest_terms(self) -> int:
        """Terms of the guest, the intercept last."""
        return next(count for owner, count in self.ring.terms.items() if owner.role == "guest")

    def run(self, columns: Columns) -> Fit:
        """Share the moments, train, and let each party have its own weights."""
        context, params = self.ring.context, self.ring.context.params
        self._prepare(columns)
        losses: list[float] = []
        stopped_by, epoch, best_epoch, best = "epochs", 0, None, self.weights
        for epoch in range(1, params["epochs"] + 1):
            losses.append(self._run_epoch(epoch, is_start=epoch == 1 and params["init"] == "zeros"))
            context.log_metric("loss", losses[-1], epoch - 1)
            context.progress(PREPARED + (1 - PREPARED) * epoch / params["epochs"])
            verdict = self.watch.after(epoch) if self.watch is not None else Verdict()
            if verdict.is_best:
                best_epoch, best = epoch, self.weights
            if verdict.stop or self._is_settled(losses):
                stopped_by = "metrics" if verdict.stop else "loss"
                break
        self.weights = self.weights if best_epoch is None else best
        weights = self._reveal_weights()
        check_weights(context, weights)
        return Fit(weights=weights, epochs=epoch, stopped_by=stopped_by, losses=losses, best_epoch=best_epoch)

    def _is_settled(self, losses: Sequence[float]) -> bool:
        params = self.ring.context.params
        return bool(params["early_stop"] == "loss" and len(losses) > 1 and abs(losses[-1] - losses[-2]) < params["tol"])

    def _prepare(self, columns: Columns) -> None:
        for place, batch in enumerate(self.batches):
            block = share_moments(self.ring, columns if len(self.batches) == 1 else columns.take(batch))
            self.blocks.append(self._lay_out(block, place))
            self.ring.context.progress(PREPARED * (place + 1) / len(self.batches))
        params, terms = self.ring.context.params, self.ring.terms[self.ring.me]
        chance = np.random.default_rng([params["seed"], self.is_guest, terms])
        own = [round(each * 2**WEIGHT_BITS) for each in STARTS[params["init"]](chance, terms)]
        self.weights = self._blend(self._place(np.array(own, dtype=object)), len(self.batches))
        self._keep_intercept_out()

    def _lay_out(self, block: Block, turn: int) -> SharedBlock:
        """The share as one matrix over all terms: own moments in full, of the common ones this party's part."""
        total, cross = sum(self.ring.terms.values()), block.cross[self.link.peer]
        mine, theirs = self.sides()
        matrix: Whole = np.zeros((total, total), dtype=object)
        matrix[mine, mine] = block.own
        matrix[mine, theirs], matrix[theirs, mine] = cross, cross.T
        target: Whole = np.zeros(total, dtype=object)
        for owner, part in block.target.items():
            target[mine if owner == self.ring.me else theirs] = part
        return SharedBlock(rows=block.rows, matrix=matrix, target=self._blend(target, turn))

    def _blend(self, share: Whole, turn: int) -> Whole:
        """The share plus or minus random numbers that both know: dropping bits is right for random shares only."""
        exchange, peer = self.ring.context.exchange, self.link.peer
        if self.is_guest:
            numbers = [secrets.randbelow(RING) for _ in share]
            exchange.send(peer, "blend", to_words(numbers), round=turn)
        else:
            numbers = [-number for number in from_words(exchange.recv(peer, "blend", round=turn))]
        blended: Whole = (share + np.array(numbers, dtype=object)) % RING
        return blended

    def sides(self) -> tuple[slice, slice]:
        """Where this party's weights are among all, and where the other's."""
        guest, host = slice(0, self.guest_terms), slice(self.guest_terms, None)
        return (guest, host) if self.is_guest else (host, guest)

    def _place(self, own: Whole) -> Whole:
        spread: Whole = np.zeros(sum(self.ring.terms.values()), dtype=object)
        spread[self.sides()[0]] = own
        return spread

    def _run_epoch(self, epoch: int, *, is_start: bool) -> float:
        """One pass over the batches; the loss over all rows, as it was before each step."""
        loss, rows = 0, sum(block.rows for block in self.blocks)
        for place, block in enumerate(self.blocks):
            weight = round(self._alpha() * rows * 2**20) if not place else 0
            # While all weights are zero, the labels' part is the gradient, and the loss its constant.
            gradient, part = (block.target, 0) if is_start and not place else self._find(block, weight)
            loss += part
            self._step(gradient, block.rows, epoch)
        return self._reveal_loss(loss + round(self.rest * 2.0**40) * 2 ** (LOSS_BITS - 39)) / (2 * rows)

    def _find(self, block: SharedBlock, penalty: int) -> tuple[Whole, int]:
        """Shares of the gradient, and of twice the loss without its constant (LOSS_BITS bits after the point)."""
        bits = self.ring.bounds.share + RING_BITS + 8 + len(self.weights).bit_length()
        layout = Layout(columns=1, bound_bits=bits, key_bits=self.ring.key_bits)
        self.link.send(encrypt_rows(self.link.key, [[int(each)] for each in self.weights], layout))
        cipher = self.link.receive(layout, rows=len(self.weights))
        crossed = self._exchange(block.matrix.tolist(), cipher, layout)
        product = (block.matrix.dot(self.weights) + crossed) % RING
        gradient = (self._cut(product, WEIGHT_BITS + self.family.slope_shift) + block.target) % RING
        return gradient, self._find_loss(gradient + block.target, cipher, penalty)

    def _find_loss(self, slopes: Whole, cipher: list[Number], penalty: int) -> int:
        """The share of weights . slopes, and of the squared weights times `penalty`."""
        slopes, flat = slopes % RING, self._without_intercept(self.weights)
        bits = 2 * RING_BITS + 1 + len(slopes).bit_length()
        layout = Layout(columns=1, bound_bits=bits, key_bits=self.ring.key_bits)
        crossed = self._exchange([[int(a), int(b)] for a, b in zip(slopes, flat, strict=True)], cipher, layout)
        linear = int(self.weights.dot(slopes) + crossed[0])
        squares = int(flat.dot(flat) + crossed[1])
        return (linear * 2**20 + squares * penalty) % RING

    def _exchange(self, matrix: list[list[int]], cipher: list[Number], layout: Layout) -> Whole:
        """Shares of both cross products: mine with the other's weights, and the other's with mine."""
        mine = self.link.multiply_received(matrix, cipher, layout)
        theirs = self.link.open(layout, rows=len(matrix[0]))
        return np.array([one[0] + other[0] for one, other in zip(mine, theirs, strict=True)], dtype=object)

    def _step(self, gradient: Whole, rows: int, epoch: int) -> None:
        params = self.ring.context.params
        rate = params["learning_rate"] / np.sqrt(1 + params["decay"] * (epoch - 1))
        change = self._cut(gradient * round(rate / rows * 2**WEIGHT_BITS) % RING, WEIGHT_BITS)
        shrink = self._cut(self.weights * round(rate * self._alpha() * 2**WEIGHT_BITS) % RING, WEIGHT_BITS)
        penalty = self._without_intercept(shrink) if self._alpha() else 0
        self.weights = (self.weights - change - penalty) % RING
        self._keep_intercept_out()

    def _cut(self, share: Whole, bits: int) -> Whole:
        """Drop low bits of a shared number from this party's share; the sum is right but for its last bit."""
        kept: Whole = share >> bits if self.is_guest else (RING - ((RING - share) >> bits)) % RING
        return kept

    def _alpha(self) -> float:
        params = self.ring.context.params
        return float(params["alpha"]) if params["penalty"] == "l2" else 0.0

    def _without_intercept(self, weights: Whole) -> Whole:
        kept = weights.copy()
        kept[self.guest_terms - 1] = 0
        return kept

    def _keep_intercept_out(self) -> None:
        if not self.ring.context.params["fit_intercept"]:
            self.weights = self._without_intercept(self.weights)

    def _reveal_loss(self, share: int) -> float:
        exchange, peer = self.ring.context.exchange, self.link.peer
        turn = self.link.count("loss")
        exchange.send(peer, "loss_share", to_words([share]), round=turn)
        (other,) = from_words(exchange.recv(peer, "loss_share", round=turn))
        loss = float(to_real(from_words(to_words([share + other])), LOSS_BITS)[0])
        if not abs(loss) < DIVERGED:
            raise InvalidInputError(
                f"training has diverged at parties {self.ring.me.party} and {peer.party}: lower `learning_rate` "
                f"({self.ring.context.params['learning_rate']:g}) or set `scale: true`"
            )
        return loss

    def _reveal_weights(self) -> Vector:
        """This party's weights, once the other has sent its share of them."""
        mine, theirs = self.sides()
        exchange, peer = self.ring.context.exchange, self.link.peer
        exchange.send(peer, "weights_share", to_words(self.weights[theirs].tolist()))
        share = from_words(exchange.recv(peer, "weights_share"))
        whole = [int(one) + other for one, other in zip(self.weights[mine], share, strict=True)]
        return to_real(from_words(to_words(whole)), WEIGHT_BITS)
