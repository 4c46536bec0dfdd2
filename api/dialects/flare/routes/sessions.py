"""Sessions by certificate, of the text listener and of the bridge alike: sealed tokens that every gateway can check.

A token holds whom it stands for, so that nothing of it is stored; only those that were logged out are remembered, over
the broker for all gateways, until they would have ended anyway.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from api.keys import ENDED_SESSIONS, SEAL
from api.nonces import Nonces
from scheduler.domain.errors import UnauthenticatedError
from scheduler.service.seal import Seal, SealError

SESSION_S: Final = 7 * 86_400.0
SKEW_S: Final = 60.0
"""So much may the clocks of two gateways differ."""
KIND: Final = "flare session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Whom a token stands for: a certificate's serial number and its subject, as Python's ssl module tells it."""

    serial: int
    subject: Mapping[str, Any]
    expires: float


class Sessions:
    """The sessions of an installation; time is epoch seconds."""

    def __init__(self, seal: Seal, ended: Nonces, *, clock: Callable[[], float] = time.time) -> None:
        self._seal = seal
        self._ended = ended
        self._clock = clock

    def open(self, certificate: Mapping[str, Any], serial: int, *, until: float = math.inf) -> tuple[str, float]:
        """A token for the certificate's holder, and when it ends: `until`, or after SESSION_S."""
        now = self._clock()
        expires = min(now + SESSION_S, until)
        session = {"kind": KIND, "serial": f"{serial:x}", "since": now, "expires": expires}
        return self._seal.close(json.dumps({**session, "subject": certificate.get("subject", ())})), expires

    async def read(self, token: str) -> Session:
        """Whom the token stands for; UnauthenticatedError where it is none, is over, or was logged out."""
        given = unseal(self._seal, token, KIND)
        if not given["since"] - SKEW_S <= self._clock() < given["expires"] or await self._ended.knows(_digest(token)):
            raise UnauthenticatedError("the session is over: log in again")
        subject = {"subject": given["subject"]}
        return Session(serial=int(given["serial"], 16), subject=subject, expires=given["expires"])

    async def end(self, token: str) -> None:
        """Take the token no more, at no gateway; one that is none changes nothing."""
        try:
            left_s = (await self.read(token)).expires - self._clock()
        except UnauthenticatedError:
            return
        await self._ended.take(_digest(token), within_s=left_s)


def find_sessions(app: web.Application) -> Sessions:
    """The sessions of the gateway's installation."""
    return Sessions(app[SEAL], app[ENDED_SESSIONS])


def unseal(seal: Seal, token: str, kind: str) -> dict[str, Any]:
    """What this installation sealed for this purpose; UnauthenticatedError for anything else."""
    try:
        found = json.loads(seal.open(token))
    except (SealError, ValueError) as wrong:
        raise UnauthenticatedError(f"this is no {kind} of this installation") from wrong
    if not isinstance(found, dict) or found.get("kind") != kind:
        raise UnauthenticatedError(f"this is no {kind}")
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
