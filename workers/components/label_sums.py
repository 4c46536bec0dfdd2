"""Counts labels in the bins of a party that must not see them: the guest's labels travel under Paillier encryption.

The guest encrypts, for each row, one number with a slot for each label but the last. A host multiplies the ciphertexts
of each bin's rows, which adds up their slots, packs many bins into one ciphertext, and sends these back under fresh
randomness together with the bins' sizes. It sees ciphertexts only; the guest sees sums only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gmpy2 import mpz, powmod

from fedrota.component import Context, InvalidInputError, Member, PeerError
from workers.components.bins import Places
from workers.components.columns import Vector
from workers.components.forks import Report, run_forked, split_evenly
from workers.components.paillier import Number, PrivateKey, PublicKey, make_key
from workers.components.pair_link import SEND_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """How counts of labels lie in a plaintext."""

    rows: int
    labels: int
    """Labels that are counted: all but the last one, whose count is what is left."""
    key_bits: int

    @property
    def slot(self) -> int:
        """Bits of one count."""
        return self.rows.bit_length() + 1

    @property
    def width(self) -> int:
        """Bits of one bin."""
        return self.slot * self.labels

    @property
    def per_plaintext(self) -> int:
        """Bins in one plaintext; InvalidInputError where there are too many labels for the key."""
        found = (self.key_bits - 2) // self.width
        if not found:
            raise InvalidInputError(
                f"{self.labels + 1} different labels of {self.rows} rows do not fit keys of {self.key_bits} bits: is this "
                "a label of classes? Set `statistics: false`, or a larger `key_bits`"
            )
        return found

    def read(self, plaintexts: Sequence[int], bins: int) -> Vector:
        """Counts of each bin, bins x labels, from packed plaintexts."""
        mask, found = (1 << self.slot) - 1, np.zeros((bins, self.labels))
        for place in range(bins):
            packed = plaintexts[place // self.per_plaintext] >> (self.width * (place % self.per_plaintext))
            found[place] = [packed >> (self.slot * label) & mask for label in range(self.labels)]
        return found


class LabelSender:
    """The guest's side: one key, its labels encrypted once and sent to all hosts."""

    def __init__(self, context: Context, codes: Sequence[int], labels: int) -> None:
        """`codes` are labels as numbers from 0 to `labels` - 1."""
        self._context = context
        self._codes = codes
        self.slots = Slots(rows=len(codes), labels=labels - 1, key_bits=context.params["key_bits"])
        _ = self.slots.per_plaintext
        self._key: PrivateKey = make_key(self.slots.key_bits)

    def send(self, hosts: Sequence[Member], *, report: Report) -> None:
        """Send the encrypted labels, block by block."""
        exchange = self._context.exchange
        for host in hosts:
            exchange.send(host, "label_key", {**self._key.public.to_json(), "labels": self.slots.labels})
        numbers = [0 if code == self.slots.labels else 1 << (self.slots.slot * code) for code in self._codes]
        for turn, start in enumerate(range(0, len(numbers), SEND_ROWS)):
            block = self._key.public.render(self._key.encrypt(numbers[start : start + SEND_ROWS]))
            for host in hosts:
                exchange.send(host, "labels", block, round=turn)
            report(min(1.0, (start + SEND_ROWS) / len(numbers)))

    def receive(self, host: Member) -> list[Vector]:
        """A host's counts: for each of its columns, bins x labels with the last label's counts beside the others."""
        exchange = self._context.exchange
        sizes: list[list[int]] = exchange.recv(host, "sizes")
        bins = sum(map(len, sizes))
        packed = self._key.public.parse(exchange.recv(host, "sums"))
        if len(packed) != -(-bins // self.slots.per_plaintext):
            raise PeerError(
                f"party {host.party} sent sums of another number of bins: the parties must run the same version"
            )
        counts = self.slots.read(self._key.decrypt(packed), bins)
        last = np.array([size for column in sizes for size in column]) - counts.sum(axis=1)
        if (last < 0).any():
            raise PeerError(f"party {host.party} sent sums that exceed its bins: the parties must run the same version")
        whole = np.column_stack([counts, last])
        return np.split(whole, np.cumsum([len(column) for column in sizes])[:-1]) if sizes else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """One column as bins of its rows."""

    places: Places
    bins: int

    @property
    def sizes(self) -> list[int]:
        """Rows of each bin."""
        return [int(each) for each in np.bincount(self.places, minlength=self.bins)]


def add_up_labels(context: Context, guest: Member, columns: Sequence[Binned], *, rows: int, report: Report) -> None:
    """A host's side: add up the encrypted labels of each bin of each column."""
    exchange = context.exchange
    sent: dict[str, Any] = exchange.recv(guest, "label_key")
    key = _read_key(context, guest, sent)
    slots = Slots(rows=rows, labels=int(sent["labels"]), key_bits=context.params["key_bits"])
    labels = [
        each
        for turn, _ in enumerate(range(0, rows, SEND_ROWS))
        for each in key.parse(exchange.recv(guest, "labels", round=turn))
    ]
    if len(labels) != rows:
        raise PeerError(f"party {guest.party} sent {len(labels)} labels for {rows} rows: align the samples before")
    parts = split_evenly(len(columns), least=1)
    made = run_forked(lambda part: [_add_bins(key, labels, each) for each in columns[part]], parts, report=report)
    sums = [each for part in made for column in part for each in column]
    packed = list(_pack(key, sums, slots))
    noise = key.encrypt([0] * len(packed))
    exchange.send(guest, "sizes", [column.sizes for column in columns])
    exchange.send(guest, "sums", key.render([a * b % key.square for a, b in zip(packed, noise, strict=True)]))


def _read_key(context: Context, guest: Member, sent: dict[str, Any]) -> PublicKey:
    try:
        key = PublicKey.from_json(sent)
    except (KeyError, TypeError, ValueError) as error:
        raise PeerError(f"what party {guest.party} sent is no key: {error}") from error
    if key.n.bit_length() != context.params["key_bits"]:
        raise InvalidInputError(
            f"the key of party {guest.party} has {key.n.bit_length()} bits instead of {context.params['key_bits']}: give "
            "all parties the same `key_bits`"
        )
    return key


def _add_bins(key: PublicKey, labels: Sequence[Number], column: Binned) -> list[Number]:
    sums = [mpz(1)] * column.bins
    for place, label in zip(column.places.tolist(), labels, strict=True):
        sums[place] = sums[place] * label % key.square
    return sums


def _pack(key: PublicKey, sums: Sequence[Number], slots: Slots) -> Iterator[Number]:
    for start in range(0, len(sums), slots.per_plaintext):
        packed = mpz(1)
        for each in reversed(sums[start : start + slots.per_plaintext]):
            packed = powmod(packed, 1 << slots.width, key.square) * each % key.square
        yield packed
