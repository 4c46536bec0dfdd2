"""Fixed-point numbers modulo 2^256 and the pairwise masks that hide them until they are added up.

A vector of n reals is an array of 4 x n words (uint64), lowest words first: two's complement, half of the bits
after the point. Adding up words adds up reals, exactly and in any order, from 1e-38 to 1e33, so that neither
sums of squares of large figures overflow nor those of small ones vanish.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workers.components.columns import Vector

Words = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

WORDS: Final = 4
FRACTION_BITS: Final = 128
LIMIT: Final = 2.0**110
"""The largest magnitude of one party's number; the sum of 2^16 parties still fits."""


def encode(values: Vector) -> Words:
    """Reals as words, rounded to 2^-128; OverflowError for what is not finite or beyond `LIMIT`."""
    if not np.isfinite(values).all() or (np.abs(values) > LIMIT).any():
        raise OverflowError(f"a number is not finite or larger than {LIMIT:.0e}")
    rest = np.rint(np.abs(values) * 2.0**FRACTION_BITS)
    words = np.empty((WORDS, len(values)), dtype=np.uint64)
    for place in reversed(range(WORDS)):
        word = np.floor(rest / 2.0 ** (64 * place))
        rest = rest - word * 2.0 ** (64 * place)
        words[place] = word
    return np.where(values < 0, negate(words), words)


def decode(words: Words) -> Vector:
    """The reals that words stand for, as near as float64 comes."""
    negative = words[-1] >> np.uint64(63) == 1
    sizes = np.where(negative, negate(words), words).astype(np.float64)
    size: Vector = sum(sizes[place] * 2.0 ** (64 * place - FRACTION_BITS) for place in reversed(range(WORDS)))
    return np.where(negative, -size, size)


def add(left: Words, right: Words) -> Words:
    """The sum modulo 2^256."""
    summed = left + right
    carry = summed < left
    for place in range(1, WORDS):
        more = summed[place] + carry[place - 1]
        carry[place] |= more < summed[place]
        summed[place] = more
    return summed


def negate(words: Words) -> Words:
    """The negative modulo 2^256."""
    one = np.zeros_like(words)
    one[0] = 1
    return add(~words, one)


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
    return np.frombuffer(cipher.update(bytes(8 * WORDS * length)), dtype="<u8").reshape(WORDS, length)


def total(parts: Sequence[Words]) -> Words:
    """The sum of several parties' words."""
    sum_so_far = parts[0]
    for part in parts[1:]:
        sum_so_far = add(sum_so_far, part)
    return sum_so_far
