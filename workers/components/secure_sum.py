"""Adds up vectors over the parties of a step; where masks can hide the parts, nobody learns more than the sum."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fedrota.component import Context, InvalidInputError, Member, PeerError
from workers.components.columns import Vector
from workers.components.masking import LIMIT, PairMasks, Words, decode, encode, total
from workers.components.step_roles import find_roles


@dataclass(frozen=True, slots=True, kw_only=True)
class SumPlan:
    """Who adds and whose vectors are added; the same at every member of the step."""

    contributors: Sequence[Member]
    aggregator: Member

    @property
    def senders(self) -> list[Member]:
        """The contributors whose vectors travel to the aggregator."""
        return [member for member in self.contributors if member != self.aggregator]

    @property
    def masked(self) -> bool:
        """Masks hide something only where at least two vectors travel."""
        return len(self.senders) > 1

    def describe(self) -> str:
        """What the sums reveal, in words."""
        adder = f"{self.aggregator.address} (party {self.aggregator.party})"
        if not self.masked:
            return (
                f"Not hidden: with two data parties {adder} receives the other party's vectors as they are, and the "
                "other party can work out this one's from the sums. Masks cannot prevent that; a third data party can."
            )
        text = f"Masked in pairs: {adder} learns the sums over {len(self.contributors)} data parties and no single one."
        if len(self.contributors) == 2:
            text += " But with two data parties each can work out the other's vector from a sum and its own."
        return text


def plan_sums(context: Context) -> SumPlan:
    """The arbiter, or the guest where there is none, adds; InvalidInputError where the roles' numbers do not fit."""
    roles = find_roles(context)
    return SumPlan(contributors=roles.owners, aggregator=roles.arbiter or roles.guest)


class SecureSum:
    """Sums over the parties of one attempt; every member of the plan makes one and calls `add_up` equally often."""

    def __init__(self, context: Context, plan: SumPlan) -> None:
        """Agree on the masks with the other contributors; PeerError where one of them has dropped out."""
        self._context = context
        self._plan = plan
        self._turn = 0
        self._masks = _agree_on_masks(context, plan) if plan.masked and context.me in plan.contributors else None

    def add_up(self, vector: Vector | None, *, names: Sequence[str] = ()) -> Vector:
        """The sum of all contributors' vectors, the same at every member; None from who contributes nothing.

        `names` are the columns whose figures the numbers are, for an error's text. PeerError where a contributor has
        dropped out: its masks cannot be taken off any more, so the attempt ends, and the next one starts with new masks.
        InvalidInputError where a number cannot be added.
        """
        self._turn += 1
        part = None if vector is None else self._hide(vector, names)
        try:
            return self._collect(part) if self._context.me == self._plan.aggregator else self._deliver(part)
        except PeerError as error:
            raise PeerError(
                f"{error}. A sum needs every party's part, so this attempt ends; a new one starts from the beginning."
            ) from error

    def _hide(self, vector: Vector, names: Sequence[str]) -> Words:
        try:
            words = encode(vector)
        except OverflowError as error:
            text = f"party {self._context.me.party} cannot add up its numbers: {error}"
            if names:
                column = names[int(np.argmin(np.abs(vector) <= LIMIT))]
                text += (
                    f"; column {column!r} has values that are too large, here or at another party: divide it at all parties, or "
                    "let a feature_scale step cut it off at `lower` and `upper`"
                )
            raise InvalidInputError(text) from error
        return self._masks.hide(words, turn=self._turn) if self._masks else words

    def _collect(self, part: Words | None) -> Vector:
        exchange = self._context.exchange
        others = [exchange.recv(sender, "part", round=self._turn) for sender in self._plan.senders]
        parts = [np.asarray(words, dtype=np.uint64) for words in (others if part is None else [part, *others])]
        if len({words.shape for words in parts}) != 1:
            raise InvalidInputError(f"the parties' vectors differ in length: {sorted({w.shape[1] for w in parts})}")
        summed = decode(total(parts))
        exchange.broadcast(None, "sum", summed, round=self._turn)
        return summed

    def _deliver(self, part: Words | None) -> Vector:
        if part is not None:
            self._context.exchange.send(self._plan.aggregator, "part", part, round=self._turn)
        summed: Vector = self._context.exchange.recv(self._plan.aggregator, "sum", round=self._turn)
        return summed


def _agree_on_masks(context: Context, plan: SumPlan) -> PairMasks:
    position = {member: place for place, member in enumerate(plan.contributors)}
    masks = PairMasks(position=position[context.me], context=f"{context.job}/{context.step}/{context.attempt}")
    others = [member for member in plan.contributors if member != context.me]
    for other in others:
        context.exchange.send(other, "mask_key", masks.public_key)
    masks.agree({position[other]: context.exchange.recv(other, "mask_key") for other in others})
    return masks
