"""A host's part in growing trees: it adds up the guest's encrypted gradients and keeps its own splits to itself."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gmpy2 import mpz

from fedrota.component import Context, InvalidInputError, Member
from workers.components.cipher_sums import CipherSums, NodeTask
from workers.components.gradient_slots import Slots
from workers.components.paillier import PublicKey
from workers.components.tree_grid import Flags, Grid, Rule, Whole, sample_features


@dataclass(slots=True, kw_only=True)
class TreeHost:
    """A host while the guest grows trees; `records` are the rules that the trees use, by their random names."""

    context: Context
    guest: Member
    key: PublicKey
    grid: Grid
    codes: Whole
    validate_codes: Whole
    records: dict[str, Rule] = field(default_factory=dict)
    born: dict[str, int] = field(default_factory=dict)
    """The round in which each rule was made."""
    _turn: int = 0
    _round: int = 0
    _order: Whole = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """The candidates in the order in which the guest sees them; another one for each tree."""
    _usable: Flags = field(default_factory=lambda: np.empty(0, dtype=bool))
    _active: Flags = field(default_factory=lambda: np.empty(0, dtype=bool))
    _positions: Whole = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _sums: CipherSums | None = None

    def serve(self) -> Mapping[str, Any]:
        """Do what the guest orders until it is done; how the training went."""
        work: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "tree": self._begin_tree,
            "sum": self._add_up,
            "split": self._split,
        }
        while True:
            self._turn += 1
            order = self.context.exchange.recv(self.guest, "order", round=self._turn)
            if order["do"] == "end":
                return dict(order)
            if order["do"] == "progress":
                self.context.progress(order["share"])
                self._round = order["round"]
            else:
                work[order["do"]](order)

    def _begin_tree(self, order: Mapping[str, Any]) -> None:
        exchange, params = self.context.exchange, self.context.params
        bits = np.asarray(exchange.recv(self.guest, "active", round=self._turn), dtype=np.uint8)
        self._active = np.unpackbits(bits)[: order["rows"]].astype(bool)
        names = [f"gradients {place}" for place in range(order["blocks"])]
        sent = [self.key.parse(exchange.recv(self.guest, name, round=self._turn)) for name in names]
        fresh = iter([each for block in sent for each in block])
        self._order = np.random.default_rng(secrets.randbits(128)).permutation(len(self.grid))
        position = [*self.context.members].index(self.context.me)
        chosen = sample_features(
            len(self.grid.names), params["feature_rate"], [params["seed"], order["number"], position]
        )
        self._usable = self.grid.choose_features(chosen)
        self._sums = CipherSums(
            key=self.key,
            slots=Slots(rows=len(self.codes), key_bits=int(self.key.n.bit_length())),
            ciphertexts=[next(fresh) if active else mpz(1) for active in self._active.tolist()],
            grid=self.grid,
            codes=self.codes,
        )

    def _add_up(self, order: Mapping[str, Any]) -> None:
        exchange = self.context.exchange
        if self._sums is None:
            raise InvalidInputError("the guest asked for sums of a tree that it has not begun")
        self._positions = np.asarray(exchange.recv(self.guest, "positions", round=self._turn), dtype=np.int64)
        flags: list[Flags] = []
        tasks: list[NodeTask] = []
        for family in order["families"]:
            own = [self._allow(node) for node in family if node is not None]
            flags += own
            candidates = self._order[np.any(own, axis=0)]
            tasks.append(NodeTask(rows=self._list_rows(family[0], self._active), candidates=candidates))
        exchange.send(self.guest, "allowed", np.packbits(np.array(flags), axis=1), round=self._turn)
        exchange.send(self.guest, "sums", self._sums.answer(tasks), round=self._turn)

    def _allow(self, node: int) -> Flags:
        """Which candidates may split a node, in the order that the guest sees."""
        codes = self.codes[self._list_rows(node, self._active)]
        left = self.grid.add_up(self.grid.count(codes, np.ones((len(codes), 1))))[:, 0]
        allowed = self.grid.allow(left, len(codes), least=self.context.params["min_leaf_node"]) & self._usable
        return np.asarray(allowed[self._order])

    def _list_rows(self, node: int, among: Flags | None = None) -> Whole:
        here = self._positions == node
        return np.flatnonzero(here if among is None else here & among)

    def _split(self, order: Mapping[str, Any]) -> None:
        names: list[tuple[str, int]] = []
        left: list[Flags] = [np.empty(0, dtype=bool)]
        outside: list[Flags] = [np.empty(0, dtype=bool)]
        for node, tied in order["nodes"]:
            choice = int(self._order[np.array(tied, dtype=np.int64)].argmin())
            candidate = int(self._order[tied[choice]])
            side = self.grid.choose_side(candidate, self.codes[self._list_rows(node, self._active)])
            names.append((self._record(self.grid.describe(candidate, missing_left=side)), choice))
            here = self.codes[self._list_rows(node)]
            left.append(self.grid.goes_left(candidate, here, missing_left=side))
            # All validation samples, wherever they are in the tree: the guest needs not say where.
            outside.append(self.grid.goes_left(candidate, self.validate_codes, missing_left=side))
        exchange = self.context.exchange
        exchange.send(self.guest, "records", names, round=self._turn)
        exchange.send(self.guest, "left", np.packbits(np.concatenate(left)), round=self._turn)
        exchange.send(self.guest, "left_validate", np.packbits(np.concatenate(outside)), round=self._turn)

    def _record(self, rule: Rule) -> str:
        name = secrets.token_hex(8)
        self.records[name], self.born[name] = rule, self._round
        return name

    def keep(self, rounds: int) -> Sequence[str]:
        """Drop the rules of later rounds; the features of those that stay, one for each rule."""
        self.records = {name: rule for name, rule in self.records.items() if self.born[name] <= rounds}
        return [rule.feature for rule in self.records.values()]
