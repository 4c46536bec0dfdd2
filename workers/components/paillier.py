"""Paillier's cryptosystem with the short randomness of Damgard, Jurik and Nielsen, on gmpy2's numbers.

A ciphertext of m is (1 + n m) h^a mod n^2, with h an n-th power that belongs to the key and a random of half the
key's bits. Powers of the fixed h come from a table, so a ciphertext costs 0.1 of what the textbook's r^n does.
Adding plaintexts is multiplying ciphertexts. It is secure against who only listens (semantic security).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import gmpy2
from gmpy2 import mpz

from workers.components.forks import Report, run_forked, split_evenly

Number = Any
"""A gmpy2 integer; the library ships no types."""
WORTH_A_TABLE: Final = 48
LEAST_PART: Final = 32
"""Fewer ciphertexts than this are not worth a process."""


@dataclass(slots=True)
class FixedBase:
    """Powers of one base modulo one number; a table of all bytes at all places after the first few powers."""

    base: Number
    modulus: Number
    places: int
    """Bytes of the largest exponent."""
    asked: int = 0
    table: list[list[Number]] = field(default_factory=list)

    def prepare(self, count: int) -> None:
        """Make the table where `count` more powers make it worth the time."""
        self.asked += count
        if self.table or self.asked < WORTH_A_TABLE:
            return
        steps = [self.base]
        for _place in range(1, self.places):
            steps.append(gmpy2.powmod(steps[-1], 256, self.modulus))
        parts = split_evenly(self.places, least=16)
        self.table = [
            row for rows in run_forked(lambda part: [self._row(s) for s in steps[part]], parts) for row in rows
        ]

    def _row(self, step: Number) -> list[Number]:
        row = [mpz(1), step]
        for _byte in range(2, 256):
            row.append(row[-1] * step % self.modulus)
        return row

    def power(self, exponent: bytes) -> Number:
        """The base to the exponent, whose bytes come lowest first."""
        if not self.table:
            return gmpy2.powmod(self.base, int.from_bytes(exponent, "little"), self.modulus)
        power = mpz(1)
        for row, byte in zip(self.table, exponent, strict=True):
            power = power * row[byte] % self.modulus
        return power


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """What everybody may know: enough to encrypt and to compute with ciphertexts."""

    n: Number
    base: Number
    """The h of the module's text."""

    @cached_property
    def square(self) -> Number:
        """The ciphertexts' modulus."""
        return self.n * self.n

    @cached_property
    def width(self) -> int:
        """Bytes of a ciphertext."""
        return int(self.square.bit_length() + 7) // 8

    @cached_property
    def _powers(self) -> FixedBase:
        return FixedBase(self.base, self.square, _count_random_bytes(self.n))

    def encrypt(self, values: Sequence[int], *, report: Report | None = None) -> list[Number]:
        """A fresh ciphertext of each value; values are taken modulo n."""
        self._powers.prepare(len(values))
        return _in_parts(values, self._encrypt_one, report)

    def _encrypt_one(self, value: int) -> Number:
        return (1 + self.n * (value % self.n)) * self._powers.power(_draw(self.n)) % self.square

    def to_json(self) -> dict[str, str]:
        """As it travels."""
        return {"n": f"{self.n:x}", "base": f"{self.base:x}"}

    @classmethod
    def from_json(cls, sent: dict[str, str]) -> "PublicKey":
        """The key that came; ValueError where it is none."""
        key = cls(n=mpz(sent["n"], 16), base=mpz(sent["base"], 16))
        if key.n.bit_length() < 512 or key.n % 2 == 0 or gmpy2.gcd(key.base, key.n) != 1:
            raise ValueError("this is no Paillier key")
        return key

    def render(self, ciphertexts: Sequence[Number]) -> bytes:
        """Ciphertexts as bytes, one after the other."""
        return b"".join(int(each).to_bytes(self.width, "little") for each in ciphertexts)

    def parse(self, sent: bytes) -> list[Number]:
        """The ciphertexts in `sent`; ValueError where the length does not fit."""
        if len(sent) % self.width:
            raise ValueError(f"{len(sent)} bytes are no whole number of ciphertexts of {self.width} bytes")
        return [mpz(int.from_bytes(sent[at : at + self.width], "little")) for at in range(0, len(sent), self.width)]


@dataclass(frozen=True, kw_only=True)
class PrivateKey:
    """The two primes; encrypts faster than the public key can, since it computes modulo each prime's square."""

    public: PublicKey
    p: Number
    q: Number

    @cached_property
    def _halves(self) -> "tuple[_Half, _Half]":
        return _Half.make(self.public, self.p), _Half.make(self.public, self.q)

    @cached_property
    def _crt(self) -> tuple[Number, Number]:
        """Inverses that put two remainders together: of p^2 modulo q^2, and of p modulo q."""
        p, q = self.p, self.q
        return gmpy2.invert(p * p, q * q), gmpy2.invert(p, q)

    def encrypt(self, values: Sequence[int], *, report: Report | None = None) -> list[Number]:
        """A fresh ciphertext of each value; values are taken modulo n."""
        for half in self._halves:
            half.powers.prepare(len(values))
        _ = self._crt  # before the fork, so that not every process makes it
        return _in_parts(values, self._encrypt_one, report)

    def _encrypt_one(self, value: int) -> Number:
        n, drawn = self.public.n, _draw(self.public.n)
        first, second = (half.powers.power(drawn) for half in self._halves)
        square = self._halves[0].square
        noise = first + square * ((second - first) * self._crt[0] % self._halves[1].square)
        return (1 + n * (value % n)) * noise % self.public.square

    def decrypt(self, ciphertexts: Sequence[Number], *, report: Report | None = None) -> list[int]:
        """The values, from 0 to n - 1."""
        _ = self._halves, self._crt
        return _in_parts(ciphertexts, self._decrypt_one, report, least=8)

    def _decrypt_one(self, ciphertext: Number) -> int:
        first, second = (half.decrypt(ciphertext) for half in self._halves)
        return int(first + self.p * ((second - first) * self._crt[1] % self.q))


@dataclass(frozen=True, kw_only=True)
class _Half:
    """The key modulo one of its primes."""

    prime: Number
    square: Number
    scale: Number
    powers: FixedBase

    @classmethod
    def make(cls, public: PublicKey, prime: Number) -> "_Half":
        square = prime * prime
        unit = (gmpy2.powmod(1 + public.n, prime - 1, square) - 1) // prime
        powers = FixedBase(public.base % square, square, _count_random_bytes(public.n))
        return cls(prime=prime, square=square, scale=gmpy2.invert(unit, prime), powers=powers)

    def decrypt(self, ciphertext: Number) -> Number:
        found = (gmpy2.powmod(ciphertext, self.prime - 1, self.square) - 1) // self.prime
        return found * self.scale % self.prime


def make_key(bits: int) -> PrivateKey:
    """A new key whose n has `bits` bits, from the system's source of chance."""
    while True:
        p, q = _draw_prime(bits // 2), _draw_prime(bits - bits // 2)
        n = p * q
        if n.bit_length() == bits and gmpy2.gcd(p - 1, q - 1) == 2:
            break
    start = mpz(secrets.randbelow(int(n) - 2) + 2)
    base = gmpy2.powmod(-start * start % n, n, n * n)
    return PrivateKey(public=PublicKey(n=n, base=base), p=p, q=q)


def _draw_prime(bits: int) -> Number:
    """A prime that leaves 3 modulo 4, with its two highest bits set."""
    while True:
        candidate = mpz(secrets.randbits(bits)) | (mpz(3) << (bits - 2)) | 3
        prime = gmpy2.next_prime(candidate - 1)
        if prime % 4 == 3 and prime.bit_length() == bits:
            return prime


def _count_random_bytes(n: Number) -> int:
    return int(n.bit_length() + 15) // 16


def _draw(n: Number) -> bytes:
    return secrets.token_bytes(_count_random_bytes(n))


def _in_parts(values: Sequence[Any], work: Any, report: Report | None, *, least: int = LEAST_PART) -> list[Any]:
    slices = split_evenly(len(values), least=least)
    made = run_forked(lambda part: [work(value) for value in values[part]], slices, report=report)
    return [each for part in made for each in part]
