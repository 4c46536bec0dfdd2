"""Ids as points of Curve25519 that two parties can each multiply by a secret, in either order, to the same effect.

Two equal ids give equal points after both multiplications; a point with only one of them on it tells nothing about
its id to whoever lacks that secret (decisional Diffie-Hellman in the curve's prime-order group).
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import gmpy2
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from workers.components.forks import Report, run_forked

POINT_BYTES: Final = 32
PART: Final = 2048
"""Points that one process multiplies; about 0.1 s."""
_FIELD: Final = 2**255 - 19
_CURVE: Final = 486662
_LABEL: Final = b"fedrota id point 1"


class Blinder:
    """One party's secret for one run."""

    def __init__(self) -> None:
        self._secret = X25519PrivateKey.generate()

    def blind_ids(self, ids: Sequence[str], *, report: Report | None = None) -> list[bytes]:
        """The ids' points under this party's secret, in the same order."""
        parts = [ids[start : start + PART] for start in range(0, len(ids), PART)]
        made = run_forked(lambda part: [self._multiply(find_point(each)) for each in part], parts, report=report)
        return [point for points in made for point in points]

    def blind_points(self, points: bytes, *, report: Report | None = None) -> list[bytes]:
        """Points that came from another party, under this party's secret too; ValueError for what is no point."""
        if len(points) % POINT_BYTES:
            raise ValueError(f"{len(points)} bytes are no whole number of points")
        size = PART * POINT_BYTES
        parts = [points[start : start + size] for start in range(0, len(points), size)]
        made = run_forked(lambda part: [self._multiply(point) for point in split_points(part)], parts, report=report)
        return [point for found in made for point in found]

    def _multiply(self, point: bytes) -> bytes:
        return self._secret.exchange(X25519PublicKey.from_public_bytes(point))


def split_points(points: bytes) -> list[bytes]:
    """Points that lie one after the other."""
    return [points[at : at + POINT_BYTES] for at in range(0, len(points), POINT_BYTES)]


def find_point(name: str) -> bytes:
    """The id's point (its first coordinate): the first of a row of hashes that lies on the curve, not on its twist.

    Multiplying keeps a point on its side, so a mix of both sides would give away one bit of each hash.
    """
    seed = hashlib.sha256(_LABEL + name.encode("utf-8", "surrogatepass")).digest()
    for turn in range(256):
        drawn = hashlib.sha256(seed + bytes([turn])).digest()
        u = int.from_bytes(drawn, "little") % 2**255 % _FIELD
        if gmpy2.legendre(u * (u * u + _CURVE * u + 1), _FIELD) == 1:
            return u.to_bytes(POINT_BYTES, "little")
    raise ArithmeticError("no hash of 256 lies on the curve: chance 2^-256")
