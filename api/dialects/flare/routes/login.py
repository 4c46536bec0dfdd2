"""Logins by certificate at the HTTP door: a challenge, and a token for whoever signs it with a kit's key.

For the bridge, which carries challenge and signature between the client and us and so needs no right of its own.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from cryptography import x509

from api.bodies import parse_json, read_bytes
from api.bridge import utc_now
from api.dialects.flare.requests.identity import IdentityError, find_principal
from api.dialects.flare.requests.proof import check_proof, describe_certificate, parse_proof
from api.dialects.flare.requests.trust import FilesError, Trust, TrustFiles
from api.dialects.flare.routes.sessions import find_sessions, unseal
from api.keys import NONCES, SEAL, SETTINGS
from api.legacy import admit_legacy
from api.routing import render
from scheduler.domain.access import Principal
from scheduler.domain.errors import UnauthenticatedError

CHALLENGE_PATH: Final = "/flare/v1/challenge"
LOGIN_PATH: Final = "/flare/v1/login"
LOGOUT_PATH: Final = "/flare/v1/logout"
SCHEME: Final = "flare"
CHALLENGE_S: Final = 60.0
"""So far may a challenge's moment be off, in either direction: the clock of the gateway that made it may be ahead."""
MAX_PROOF_BYTES: Final = 64 << 10
TRUST: Final = web.AppKey("flare_trust", TrustFiles)


def add_routes(app: web.Application) -> None:
    """Serve logins by certificate."""
    app[TRUST] = TrustFiles(app[SETTINGS].state_dir)
    app.router.add_post(CHALLENGE_PATH, challenge)
    app.router.add_post(LOGIN_PATH, log_in)
    app.router.add_post(LOGOUT_PATH, log_out)


async def challenge(request: web.Request) -> web.Response:
    """A text to sign; any gateway of the installation takes it back, once, within a minute."""
    _load_trust(request.app)
    nonce = request.app[SEAL].close(json.dumps({"kind": "flare challenge", "since": time.time()}))
    return render({"nonce": nonce})


async def log_in(request: web.Request) -> web.Response:
    """Who signed the challenge, and the token that stands for them."""
    proof = parse_proof(parse_json(await read_bytes(request, MAX_PROOF_BYTES)))
    trust = _load_trust(request.app)
    _check_age(unseal(request.app[SEAL], proof.nonce, "flare challenge"), CHALLENGE_S)
    check_proof(proof, _find_root(trust), utc_now())
    if not await request.app[NONCES].take(hashlib.sha256(proof.nonce.encode()).hexdigest(), within_s=2 * CHALLENGE_S):
        raise UnauthenticatedError("the challenge was answered already: ask for a new one")
    subject, serial = describe_certificate(proof.certificate), proof.certificate.serial_number
    by = _find_holder(trust, subject, serial)
    until = proof.certificate.not_valid_after_utc.timestamp()
    token, expires = find_sessions(request.app).open(subject, serial, until=until)
    return render({"token": token, "user": by.name, "org": by.org, "role": str(by.role), "expires": expires})


async def log_out(request: web.Request) -> web.Response:
    """End the session of the token, at every gateway."""
    token = _find_token(request)
    if token is None:
        raise UnauthenticatedError("only a session's token can be logged out (Authorization: Flare ...)")
    await find_sessions(request.app).end(token)
    return render({"ended": True})


async def admit(request: web.Request) -> Principal:
    """Who calls: by a session's token (`Authorization: Flare ...`), else as on all routes of this kind."""
    token = _find_token(request)
    if token is None:
        return await admit_legacy(request)
    session = await find_sessions(request.app).read(token)
    return _find_holder(_load_trust(request.app), session.subject, session.serial)


def _find_token(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == SCHEME else None


def _load_trust(app: web.Application) -> Trust:
    try:
        return app[TRUST].load()
    except FilesError as wrong:
        raise UnauthenticatedError(f"this gateway takes no certificates: {wrong}") from wrong


def _find_root(trust: Trust) -> x509.Certificate:
    return x509.load_der_x509_certificate(trust.context.get_ca_certs(binary_form=True)[0])


def _find_holder(trust: Trust, certificate: Mapping[str, Any], serial: int) -> Principal:
    if serial in trust.revoked:
        raise UnauthenticatedError("the certificate is revoked")
    try:
        return find_principal(certificate)
    except IdentityError as wrong:
        raise UnauthenticatedError(str(wrong)) from wrong


def _check_age(given: dict[str, Any], limit_s: float) -> None:
    if not -limit_s <= time.time() - given["since"] <= limit_s:
        raise UnauthenticatedError("the challenge is too old: ask for a new one")
