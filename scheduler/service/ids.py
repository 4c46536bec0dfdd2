"""The one place where identities are made."""

import itertools
import secrets
from datetime import datetime
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TAIL: Final = 10**5
_TAILS: Final = itertools.count(secrets.randbelow(_TAIL))


def new_job_id(now: datetime) -> str:
    """A job's id: 25 digits, the time down to microseconds and a number.

    FATE's clients know such ids only. The number counts within a process, from a random one on: ids of one process
    differ for 100,000 jobs in the same microsecond, and those of two meet by a chance of 1 in 100,000 only where they
    fall into the same one; the job's primary key refuses it then.
    """
    return f"{now:%Y%m%d%H%M%S%f}{next(_TAILS) % _TAIL:05}"


def new_definition_id(length: int) -> str:
    """The id of a stored definition: random, `length` (at most 32) hexadecimal digits."""
    return secrets.token_hex(16)[:length]


def new_token_id() -> str:
    """The public part of a token."""
    return _random(12)


def new_secret() -> str:
    """The secret part of a token: 256 random bits."""
    return secrets.token_urlsafe(32)


def _random(length: int) -> str:
    # One call for all: each lets go of the interpreter, which another thread then keeps for a while.
    return "".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(length))
