"""The headers by which FATE's clients prove who they are, in the form of 1.7 to 1.11 and in that of 2.x."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from api.dialects.fate.errors import FateError, RetCode

V1: Final = ("TIMESTAMP", "NONCE", "APP_KEY", "SIGNATURE")
V2: Final = ("Timestamp", "Nonce", "appId", "Signature")
USER: Final = "userName"
WINDOW_S: Final = 60.0
"""How far a request's time may be from ours, either way."""
_LONGEST: Final = 200
EMPTY_OBJECT: Final = b"{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a client sends to prove who it is; times in ms since 1970, all texts as sent."""

    app: str
    nonce: str
    timestamp: str
    given: str
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What 1.x's signature covers: the request line's target, a JSON body as bytes, the fields of a form."""

    target: str
    body: bytes = b""
    form: Mapping[str, str] | None = None


def find_signature(headers: Mapping[str, str], names: tuple[str, ...] = V1) -> Signature | None:
    """The signature of a request, or None where it carries no part of one; FateError where it is not whole."""
    found = [headers.get(name, "").strip() for name in names]
    app_and_sign = (found[2], found[3])
    if not any(app_and_sign):
        return None
    missing = [name for name, value in zip(names, found, strict=True) if not value]
    if missing:
        raise refuse(f"the signature is not whole: send the headers {', '.join(missing)} too")
    if any(len(value) > _LONGEST or not value.isascii() for value in found):
        raise refuse(f"a header of the signature is longer than {_LONGEST} characters, or not ASCII")
    return Signature(
        timestamp=found[0], nonce=found[1], app=found[2], given=found[3], user=headers.get(USER, "").strip()
    )


def check_time(signature: Signature, now_s: float) -> None:
    """FateError where the request was signed at another time than now."""
    try:
        signed_s = int(signature.timestamp) / 1000
    except ValueError:
        raise refuse(f"the timestamp {signature.timestamp!r} is no number of milliseconds since 1970") from None
    if abs(now_s - signed_s) > WINDOW_S:
        raise refuse(
            f"the request was signed {abs(now_s - signed_s):.0f} s {'ago' if signed_s < now_s else 'ahead'}, "
            f"which is more than {WINDOW_S:.0f} s: set the clock of the client"
        )


def is_signed_v1(signature: Signature, secret: str, signed: Signed) -> bool:
    """Whether 1.x's signature fits; the SDK signs an empty object as no body, the `flow` command as its two bytes."""
    bodies = (signed.body, b"") if signed.body == EMPTY_OBJECT else (signed.body,)
    return _is_one_of(signature.given, (_sign_v1(signature, secret, signed, body) for body in bodies))


def is_signed_v2(signature: Signature, token: str) -> bool:
    """Whether 2.x's signature fits: it covers neither path nor body."""
    inner = _md5(signature.app + signature.user + signature.nonce + signature.timestamp)
    return _is_one_of(signature.given, [_md5(inner + token)])


def refuse(why: str) -> FateError:
    """A signature is not good."""
    return FateError(RetCode.AUTHENTICATION, why)


def _sign_v1(signature: Signature, secret: str, signed: Signed, body: bytes) -> str:
    form = urlencode(sorted((signed.form or {}).items()), quote_via=quote, safe="-._~")
    lines = (signature.timestamp, signature.nonce, signature.app, signed.target.removesuffix("?"))
    text = b"\n".join([*(line.encode(errors="surrogateescape") for line in lines), body, form.encode()])
    return b64encode(hmac.digest(secret.encode(), text, "sha1")).decode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()


def _is_one_of(given: str, expected: Iterable[str]) -> bool:
    return any(hmac.compare_digest(given.encode(), each.encode()) for each in list(expected))
