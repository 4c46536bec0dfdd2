"""What two data parties of a step do with each other: encrypted numbers there, masked products back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from fedrota.component import Context, InvalidInputError, Member, PeerError
from workers.components.cipher_matrix import Layout, Rows, add_mask, combine, multiply
from workers.components.forks import Report
from workers.components.paillier import Number, PrivateKey, PublicKey, make_key

SEND_ROWS: Final = 4096
"""Rows in a message, so that the other side starts early and a large table needs no large message."""
KEY_BITS: Final[Mapping[str, Any]] = {
    "type": "integer",
    "minimum": 1024,
    "maximum": 4096,
    "default": 2048,
    "description": "Bits of the parties' Paillier keys. 2048 and more count as safe today; 1024 is for trials only.",
}


@dataclass(slots=True, kw_only=True)
class PairLink:
    """One party's end of what it does with another one; each makes the same calls, mirrored, in the same order."""

    context: Context
    peer: Member
    key: PrivateKey
    theirs: PublicKey
    counters: dict[str, Any] = field(default_factory=dict)

    def send(self, blocks: Sequence[bytes]) -> None:
        """Send encrypted rows, as `encrypt_rows` made them."""
        for block in blocks:
            self.context.exchange.send(self.peer, "cipher", block, round=self.count("cipher out"))

    def multiply(self, matrix: Rows, layout: Layout, *, report: Report | None = None) -> list[list[int]]:
        """Multiply the rows that the peer sends by the transposed own `matrix`; the own share of the product."""
        products = []
        for start in range(0, len(matrix), SEND_ROWS):
            block = matrix[start : start + SEND_ROWS]
            ciphertexts = self.receive(layout, rows=len(block))
            products.append(multiply(self.theirs, block, ciphertexts, packs=layout.packs, report=report))
        return self._mask(combine(self.theirs, products), layout)

    def receive(self, layout: Layout, *, rows: int) -> list[Number]:
        """Encrypted rows of the peer, for `multiply_received`."""
        return self._receive("cipher", self.theirs, count=rows * layout.packs)

    def multiply_received(self, matrix: Rows, ciphertexts: Sequence[Number], layout: Layout) -> list[list[int]]:
        """As `multiply`, with rows that have been received before and may be used again."""
        return self._mask(multiply(self.theirs, matrix, ciphertexts, packs=layout.packs), layout)

    def _mask(self, products: Sequence[Number], layout: Layout) -> list[list[int]]:
        masked, share = add_mask(self.theirs, products, layout)
        self.context.exchange.send(self.peer, "masked", self.theirs.render(masked), round=self.count("masked out"))
        return share

    def open(self, layout: Layout, *, rows: int) -> list[list[int]]:
        """The own share of the product of what this party sent: `rows` x the layout's columns."""
        masked = self._receive("masked", self.key.public, count=rows * layout.packs)
        return layout.unpack(self.key.decrypt(masked))

    def _receive(self, name: str, key: PublicKey, *, count: int) -> list[Number]:
        sent = self.context.exchange.recv(self.peer, name, round=self.count(f"{name} in"))
        ciphertexts = key.parse(sent)
        if len(ciphertexts) != count:
            raise PeerError(
                f"party {self.peer.party} sent {len(ciphertexts)} encrypted numbers where {count} were due: "
                "the parties must run the same version"
            )
        return ciphertexts

    def count(self, stream: str) -> int:
        """0, 1, 2, ... for the rounds of one kind of message."""
        return int(next(self.counters.setdefault(stream, count())))


def encrypt_rows(key: PrivateKey, rows: Rows, layout: Layout, *, report: Report | None = None) -> list[bytes]:
    """A matrix as messages of encrypted rows; the same messages may go to several peers."""
    starts = range(0, len(rows), SEND_ROWS)
    return [
        key.public.render(key.encrypt(layout.pack(rows[start : start + SEND_ROWS]), report=report)) for start in starts
    ]


def link_parties(context: Context, peers: Sequence[Member], *, key_bits: int) -> list[PairLink]:
    """A link to each peer, with new keys: each party has its own and shows the others its public half."""
    key = make_key(key_bits)
    for peer in peers:
        context.exchange.send(peer, "public_key", key.public.to_json())
    return [
        PairLink(context=context, peer=peer, key=key, theirs=receive_key(context, peer, key_bits)) for peer in peers
    ]


def receive_key(context: Context, peer: Member, key_bits: int) -> PublicKey:
    """The public key that a peer sends; PeerError where it is none, InvalidInputError where its length differs."""
    sent = context.exchange.recv(peer, "public_key")
    try:
        key = PublicKey.from_json(sent)
    except (KeyError, TypeError, ValueError) as error:
        raise PeerError(f"what party {peer.party} sent is no key: {error}") from error
    if key.n.bit_length() != key_bits:
        raise InvalidInputError(
            f"the key of party {peer.party} has {key.n.bit_length()} bits instead of {key_bits}: "
            "give all parties the same `key_bits`"
        )
    return key
