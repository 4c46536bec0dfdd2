"""Multiplies a plain matrix with an encrypted one, so that the product ends up in two shares that only add up to it.

Whoever holds the key packs each row of its matrix into few numbers, encrypts and sends them. The other side
multiplies, adds a random mask to every entry and sends that back. Entry = share of one + share of the other; each
share by itself is random, but for a chance of 2^-64.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gmpy2 import mpz, powmod

from workers.components.forks import Report, count_cores, run_forked, split_evenly
from workers.components.paillier import Number, PublicKey

Rows = Sequence[Sequence[int]]
"""A matrix of whole numbers of any size, row by row."""
MASK_BITS: Final = 64
"""How many bits larger than what they hide the masks are."""
BLOCK_ROWS: Final = 1024
"""Rows whose tables of powers are in memory at a time."""
WORTH_FORKING: Final = 1500
"""Multiplications below which starting processes costs more than it saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How rows of `columns` numbers lie in plaintexts: some slots in each, all masked entries positive."""

    columns: int
    bound_bits: int
    """Every entry of the product lies between -2^bound_bits and 2^bound_bits."""
    key_bits: int

    @property
    def slot(self) -> int:
        """Bits of a slot: an entry, its mask, and the sum's carry."""
        return self.bound_bits + MASK_BITS + 2

    @property
    def per_plaintext(self) -> int:
        """Slots in one plaintext; OverflowError where the key is too short for a single one."""
        found = (self.key_bits - 2) // self.slot
        if not found:
            raise OverflowError(f"numbers of {self.slot} bits need a key longer than {self.key_bits} bits")
        return found

    @property
    def packs(self) -> int:
        """Plaintexts for one row."""
        return -(-self.columns // self.per_plaintext)

    def pack(self, rows: Rows) -> list[int]:
        """The rows as plaintexts, `packs` for each."""
        return [self._join(row[at : at + self.per_plaintext]) for row in rows for at in self._starts()]

    def unpack(self, plaintexts: Sequence[int]) -> list[list[int]]:
        """Masked rows from plaintexts."""
        packs, mask = self.packs, (1 << self.slot) - 1
        rows = []
        for first in range(0, len(plaintexts), max(1, packs)):
            row: list[int] = []
            for start, plaintext in zip(self._starts(), plaintexts[first : first + packs], strict=True):
                here = min(self.per_plaintext, self.columns - start)
                row += [plaintext >> (self.slot * place) & mask for place in range(here)]
            rows.append(row)
        return rows

    def draw_masks(self, count: int) -> list[list[int]]:
        """Rows of masks, large enough to keep every masked entry positive."""
        low, bits = 1 << self.bound_bits, self.bound_bits + MASK_BITS
        return [[low + secrets.randbits(bits) for _ in range(self.columns)] for _ in range(count)]

    def _starts(self) -> range:
        return range(0, self.columns, self.per_plaintext)

    def _join(self, numbers: Sequence[int]) -> int:
        return sum(number << (self.slot * place) for place, number in enumerate(numbers))


def add_mask(key: PublicKey, products: Sequence[Number], layout: Layout) -> tuple[list[Number], list[list[int]]]:
    """Masked products to send back, with fresh randomness, and the own share: the masks, negated."""
    if not products:
        return [], []
    masks = layout.draw_masks(len(products) // layout.packs)
    noise = key.encrypt(layout.pack(masks))
    masked = [product * each % key.square for product, each in zip(products, noise, strict=True)]
    return masked, [[-mask for mask in row] for row in masks]


def combine(key: PublicKey, blocks: Sequence[Sequence[Number]]) -> list[Number]:
    """The encrypted sum of several encrypted matrices of one shape."""
    total = list(blocks[0])
    for block in blocks[1:]:
        total = [one * other % key.square for one, other in zip(total, block, strict=True)]
    return total


def multiply(
    key: PublicKey, matrix: Rows, ciphertexts: Sequence[Number], *, packs: int, report: Report | None = None
) -> list[Number]:
    """Transposed `matrix` times the encrypted rows: for each column of `matrix`, `packs` ciphertexts.

    `matrix` is rows x columns, `ciphertexts` is rows x packs, row by row.
    """
    if not len(matrix) or not len(matrix[0]):
        return []
    plan = _Plan.make(matrix, packs=packs, modulus=key.square, ciphertexts=ciphertexts)
    parts = plan.split()
    made = run_forked(plan.compute, parts, report=report)
    if parts[0].is_rows:
        return combine(key, made)
    return [each for part in made for each in part]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A share of the work: some rows and all columns, or the other way round."""

    cut: slice
    is_rows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One multiplication; exponents are lowered by their minimum, so that none is negative."""

    matrix: Rows
    ciphertexts: Sequence[Number]
    packs: int
    modulus: Number
    lowest: int
    bits: int
    window: int

    @classmethod
    def make(cls, matrix: Rows, *, packs: int, modulus: Number, ciphertexts: Sequence[Number]) -> "_Plan":
        lowest = min(map(min, matrix))
        bits = max(1, (max(map(max, matrix)) - lowest).bit_length())
        columns = len(matrix[0])
        window = min(range(1, 9), key=lambda width: 2**width + columns * -(-bits // width))
        return cls(
            matrix=matrix,
            ciphertexts=ciphertexts,
            packs=packs,
            modulus=modulus,
            lowest=lowest,
            bits=bits,
            window=window,
        )

    def split(self) -> list[_Part]:
        rows, columns = len(self.matrix), len(self.matrix[0])
        work = rows * columns * self.packs * -(-self.bits // self.window)
        if work < WORTH_FORKING or count_cores() < 2:
            return [_Part(cut=slice(0, rows), is_rows=True)]
        is_rows = rows > columns
        return [_Part(cut=cut, is_rows=is_rows) for cut in split_evenly(rows if is_rows else columns, least=1)]

    def compute(self, part: _Part) -> list[Number]:
        """The products of one part: columns x packs."""
        rows = part.cut if part.is_rows else slice(0, len(self.matrix))
        columns = range(len(self.matrix[0]))[slice(None) if part.is_rows else part.cut]
        made = [mpz(1)] * (len(columns) * self.packs)
        for start in range(rows.start, rows.stop, BLOCK_ROWS):
            block = range(start, min(rows.stop, start + BLOCK_ROWS))
            for pack in range(self.packs):
                bases = [self.ciphertexts[row * self.packs + pack] for row in block]
                for place, product in enumerate(self._multiply_block(bases, block, columns)):
                    at = place * self.packs + pack
                    made[at] = made[at] * product % self.modulus
        return made

    def _multiply_block(self, bases: Sequence[Number], rows: range, columns: range) -> Iterator[Number]:
        """Straus' simultaneous powers: a table for each base, the squarings shared by all bases."""
        tables = [self._tabulate(base) for base in bases]
        low = powmod(self._multiply_all(bases), self.lowest, self.modulus)
        for column in columns:
            exponents = [self.matrix[row][column] - self.lowest for row in rows]
            yield self._raise(tables, exponents) * low % self.modulus

    def _tabulate(self, base: Number) -> list[Number]:
        table = [mpz(1), base]
        for _digit in range(2, 1 << self.window):
            table.append(table[-1] * base % self.modulus)
        return table

    def _raise(self, tables: Sequence[Sequence[Number]], exponents: Sequence[int]) -> Number:
        power, mask, modulus = mpz(1), (1 << self.window) - 1, self.modulus
        for shift in reversed(range(0, self.bits, self.window)):
            if power != 1:
                power = powmod(power, 1 << self.window, modulus)
            for table, exponent in zip(tables, exponents, strict=True):
                digit = exponent >> shift & mask
                if digit:
                    power = power * table[digit] % modulus
        return power

    def _multiply_all(self, bases: Sequence[Number]) -> Any:
        product = mpz(1)
        for base in bases:
            product = product * base % self.modulus
        return product
