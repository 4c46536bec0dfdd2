"""Who calls a route of FATE's: by the signature of the request, else as any client that cannot sign."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from api.bodies import read_bytes
from api.bridge import utc_now
from api.dialects.fate.requests.signature import (
    V2,
    WINDOW_S,
    Signature,
    Signed,
    check_time,
    find_signature,
    is_signed_v1,
    is_signed_v2,
    refuse,
)
from api.dialects.fate.routes.answer import ROOT
from api.keys import NONCES, READER, SEAL
from api.legacy import admit_legacy
from scheduler.domain.access import Principal
from scheduler.service.clients import open_client

FORMS: Final = frozenset({f"{ROOT}/model/import"})
"""Routes whose clients sign the text fields of a multipart body, which are known only once it is read."""
REPEATS_V2: Final = 3
"""How often one nonce is good in 2.x, whose nonces have four digits and whose times are whole seconds.

A busy client repeats itself by chance, about once in a few minutes.
"""
_PENDING: Final[web.RequestKey[Callable[[Mapping[str, str]], bool]]] = web.RequestKey("pending")
_WRONG: Final = "the signature does not fit the request: check the secret key"


async def admit(request: web.Request) -> Principal:
    """The client that signed, or as `admit_legacy`; FateError or UnauthenticatedError where the signature is bad."""
    signature = find_signature(request.headers)
    if signature is None:
        return await admit_legacy(request)
    check_time(signature, utc_now().timestamp())
    principal, secret = await _open(request, signature)
    signed = await _read_signed(request)
    if not is_signed_v1(signature, secret, signed):
        if request.path not in FORMS or request.content_type != "multipart/form-data":
            raise refuse(_WRONG)
        request[_PENDING] = lambda form: is_signed_v1(signature, secret, Signed(target=signed.target, form=form))
    await _take_nonce(request, signature)
    return principal


async def admit_v2(request: web.Request) -> Principal:
    """As `admit`, with the headers of FATE 2.x."""
    signature = find_signature(request.headers, V2)
    if signature is None:
        return await admit_legacy(request)
    check_time(signature, utc_now().timestamp())
    principal, token = await _open(request, signature)
    if not is_signed_v2(signature, token):
        raise refuse(_WRONG)
    await _take_nonce(request, signature, times=REPEATS_V2)
    return principal


def settle_form(request: web.Request, fields: Mapping[str, str]) -> None:
    """Check the signature of a multipart body's text fields before anything is done with it; FateError if bad."""
    is_signed = request.get(_PENDING)
    if is_signed is None:
        return
    if not is_signed(fields):
        raise refuse(_WRONG)
    del request[_PENDING]


def check_settled(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """The answer; FateError where a route that had to call `settle_form` did not."""
    if _PENDING in request:
        raise refuse(_WRONG)
    return answer


async def _open(request: web.Request, signature: Signature) -> tuple[Principal, str]:
    seal, now = request.app[SEAL], utc_now()
    return await request.app[READER].read(lambda tx: open_client(tx, signature.app, seal=seal, now=now))


async def _take_nonce(request: web.Request, signature: Signature, *, times: int = 1) -> None:
    # The time is part of it: 2.x's nonces have four digits. A request from 60 s ahead is good for 120 s.
    nonce = f"{signature.app}:{signature.timestamp}:{signature.nonce}"
    for number in range(times):
        if await request.app[NONCES].take(f"{nonce}:{number}", within_s=2 * WINDOW_S):
            return
    raise refuse("the request was sent before: sign each with a nonce of its own")


async def _read_signed(request: web.Request) -> Signed:
    target = request.raw_path
    if request.content_type.startswith("multipart/"):
        return Signed(target=target)
    raw = await read_bytes(request)
    if request.content_type == "application/x-www-form-urlencoded":
        return Signed(target=target, form=dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)))
    return Signed(target=target, body=raw)
