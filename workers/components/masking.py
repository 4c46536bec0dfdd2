"""Fixed-point numbers modulo 2^128 and the pairwise masks that hide them until they are added up.

A vector of n reals is an array of 2 x n words (uint64): low words first, then high words. Two's complement,
with `FRACTION_BITS` bits after the point, so adding up words adds up reals, exactly and in any order.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Words = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

FRACTION_BITS: Final = 48
LIMIT: Final = 2.0**70
"""The largest magnitude of one party's number; 512 parties' sum still fits into 128 bits with 48 after the point."""
WORD: Final = 2.0**64


def encode(values: Vector) -> Words:
    """Reals as words, rounded to 2^-48; OverflowError for what is not finite or beyond `LIMIT`."""
    if not np.isfinite(values).all() or (np.abs(values) > LIMIT).any():
        raise OverflowError(f"a number is not finite or larger than {LIMIT:.0e}")
    scaled = np.rint(np.abs(values) * 2.0**FRACTION_BITS)
    high = np.floor(scaled / WORD)
    words = np.stack([(scaled - high * WORD).astype(np.uint64), high.astype(np.uint64)])
    return np.where(values < 0, negate(words), words)


def decode(words: Words) -> Vector:
    """The reals that words stand for."""
    negative = words[1] >> np.uint64(63) == 1
    low, high = np.where(negative, negate(words), words)
    size: Vector = (high.astype(np.float64) * WORD + low.astype(np.float64)) / 2.0**FRACTION_BITS
    return np.where(negative, -size, size)


def add(left: Words, right: Words) -> Words:
    """The sum modulo 2^128."""
    low = left[0] + right[0]
    return np.stack([low, left[1] + right[1] + (low < left[0]).astype(np.uint64)])


def negate(words: Words) -> Words:
    """The negative modulo 2^128."""
    low = ~words[0] + np.uint64(1)
    return np.stack([low, ~words[1] + (low == 0).astype(np.uint64)])


class PairMasks:
    """The masks that one party shares with each other party; they cancel in the sum over all of them.

    For each pair, X25519 and HKDF give a key that only these two know, and ChaCha20 under it a stream of
    words for each turn. The party that comes first adds the stream, the other subtracts it.
    """

    def __init__(self, *, position: int, context: str) -> None:
        """Make a fresh private key; `context` (job, step, attempt) binds the masks to one attempt."""
        self._position = position
        self._context = context.encode()
        self._private = X25519PrivateKey.generate()
        self._keys: Mapping[int, bytes] = {}

    @property
    def public_key(self) -> bytes:
        """What the other parties need of this one; 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    def agree(self, public_keys: Mapping[int, bytes]) -> None:
        """Derive the key of each pair from the other parties' public keys, by their positions."""
        self._keys = {other: self._derive(other, key) for other, key in public_keys.items()}

    def hide(self, words: Words, *, turn: int) -> Words:
        """The words with this party's masks of `turn` on them; a turn must never be used twice."""
        for other, key in self._keys.items():
            mask = _stream(key, turn, words.shape[1])
            words = add(words, mask if self._position < other else negate(mask))
        return words

    def _derive(self, other: int, public_key: bytes) -> bytes:
        secret = self._private.exchange(X25519PublicKey.from_public_bytes(public_key))
        pair = sorted([(self._position, self.public_key), (other, public_key)])
        label = b"fedrota pair mask 1|" + b"|".join(b"%d:%s" % each for each in pair)
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=self._context, info=label).derive(secret)


def _stream(key: bytes, turn: int, length: int) -> Words:
    # The first half of the 16 bytes is the cipher's block counter, the second half names the turn.
    nonce = bytes(8) + turn.to_bytes(8, "big")
    cipher = Cipher(algorithms.ChaCha20(key, nonce), mode=None).encryptor()
    return np.frombuffer(cipher.update(bytes(16 * length)), dtype="<u8").reshape(2, length)


def total(parts: Sequence[Words]) -> Words:
    """The sum of several parties' words."""
    sum_so_far = parts[0]
    for part in parts[1:]:
        sum_so_far = add(sum_so_far, part)
    return sum_so_far
