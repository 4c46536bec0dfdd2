"""The guest's end of what it does with one host while trees grow: orders there, encrypted sums and partitions back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fedrota.component import Context, Member, PeerError
from workers.components.columns import Vector
from workers.components.gradient_slots import Slots
from workers.components.paillier import PrivateKey
from workers.components.tree_grid import Flags, Rule, Whole

Family = tuple[int, int | None]
"""A node whose sums a host computes, and its sibling, whose sums follow from the parent's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What goes left with each of a party's candidates at one node, as whole numbers, and which may split it."""

    left: Vector
    allowed: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a rule divides the samples of a node, and all validation samples; a host's rule stays with the host."""

    left: Flags
    left_validate: Flags
    rule: Rule | None = None
    record: str = ""
    choice: int = 0
    """Which one of the equally good candidates it is."""


@dataclass(slots=True, kw_only=True)
class HostLink:
    """One host; sums of the tree's nodes are kept until the tree is done."""

    context: Context
    host: Member
    key: PrivateKey
    slots: Slots
    validate_rows: int
    turn: int = 0
    sums: dict[int, Sums] = field(default_factory=dict)

    def order(self, what: str, **details: Any) -> None:
        """Tell the host what to do next."""
        self.turn += 1
        self.context.exchange.send(self.host, "order", {"do": what, **details}, round=self.turn)

    def begin_tree(self, blocks: Sequence[bytes], active: Flags, *, number: int) -> None:
        """Send the encrypted gradients of tree `number`, of the active samples only, and which these are."""
        self.sums.clear()
        self.order("tree", number=number, blocks=len(blocks), rows=len(active))
        self.context.exchange.send(self.host, "active", np.packbits(active), round=self.turn)
        for place, block in enumerate(blocks):
            self.context.exchange.send(self.host, f"gradients {place}", block, round=self.turn)

    def ask(self, families: Sequence[Family], positions: Whole) -> None:
        """Ask for the sums of some nodes; `positions` has each sample's node, -1 in a leaf."""
        self.order("sum", families=[list(family) for family in families])
        self.context.exchange.send(self.host, "positions", positions.astype(np.int32), round=self.turn)

    def collect(self, families: Sequence[Family], parents: Mapping[int, int]) -> None:
        """Decrypt the sums that were asked for, and take siblings' from those of their parents."""
        flags = iter(np.unpackbits(self._receive("allowed").astype(np.uint8), axis=1).astype(bool))
        pairs = [(family, next(flags), next(flags) if family[1] is not None else None) for family in families]
        wanted = [own if other is None else own | other for _, own, other in pairs]
        found = self._open([int(each.sum()) for each in wanted])
        for ((node, sibling), own, other), union, left in zip(pairs, wanted, found, strict=True):
            whole = np.zeros((len(union), 2))
            whole[union] = left
            self.sums[node] = Sums(left=whole, allowed=own)
            if sibling is not None and other is not None:
                parent = self.sums[parents[node]].left
                self.sums[sibling] = Sums(left=np.where(union[:, None], parent - whole, 0.0), allowed=other)

    def forget(self, nodes: Sequence[int]) -> None:
        """Drop the sums of nodes that nothing follows from any more."""
        for node in nodes:
            self.sums.pop(node, None)

    def _open(self, counts: Sequence[int]) -> list[Vector]:
        sent = self.context.exchange.recv(self.host, "sums", round=self.turn)
        ciphertexts = self.key.public.parse(sent)
        packs = [-(-count // self.slots.per_plaintext) for count in counts]
        if len(ciphertexts) != sum(packs):
            raise PeerError(
                f"party {self.host.party} sent {len(ciphertexts)} encrypted sums where {sum(packs)} were due: the parties "
                "must run the same version"
            )
        plain = iter(self.key.decrypt(ciphertexts))
        return [
            self.slots.split([next(plain) for _ in range(size)], modulus=int(self.key.public.n), count=count)
            for size, count in zip(packs, counts, strict=True)
        ]

    def split(self, choices: Mapping[int, Sequence[int]]) -> None:
        """Let the host split nodes, each by the first in its own order of some equally good candidates."""
        self.order("split", nodes=[[node, list(candidates)] for node, candidates in choices.items()])

    def read_splits(self, choices: Mapping[int, Sequence[int]], rows: Mapping[int, int]) -> dict[int, Answer]:
        """The host's answers, by node; `rows` are the numbers of samples in the nodes."""
        records = self.context.exchange.recv(self.host, "records", round=self.turn)
        left = np.unpackbits(self._receive("left").astype(np.uint8)).astype(bool)
        outside = np.unpackbits(self._receive("left_validate").astype(np.uint8)).astype(bool)
        answers, start = {}, 0
        for place, node in enumerate(choices):
            answers[node] = Answer(
                record=str(records[place][0]),
                choice=int(records[place][1]),
                left=left[start : start + rows[node]],
                left_validate=outside[place * self.validate_rows : (place + 1) * self.validate_rows],
            )
            start += rows[node]
        return answers

    def _receive(self, name: str) -> Vector:
        return np.asarray(self.context.exchange.recv(self.host, name, round=self.turn))
