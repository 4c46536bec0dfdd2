"""The one place where identities are made."""

import secrets
from datetime import datetime
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


def new_job_id(now: datetime) -> str:
    """A job's id: sorts by the second it was made in, 50 random bits behind; letters and digits only."""
    return f"{now:%Y%m%d%H%M%S}{_random(10)}"


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
