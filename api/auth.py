"""Who calls, by bearer token, and whether they may: one question per request."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.bridge import Reader, utc_now
from api.throttle import Throttle
from scheduler.domain.access import Action, Principal, Subject, is_allowed, is_visible
from scheduler.domain.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from scheduler.service.tokens import authenticate

CACHE_S: Final = 3.0
CACHED: Final = 10_000
_HINT: Final = "send the header 'Authorization: Bearer frt_...' with a token of this installation"


@dataclass(frozen=True, slots=True)
class _Known:
    """A principal that was found, and until when that is believed."""

    principal: Principal
    until: float


class Gate:
    """Turns bearer tokens into principals; believes each for a few seconds, so a revoked one ends within them.

    A token that was good when it was last looked up is looked up again whatever else its address has sent.
    """

    def __init__(
        self, reader: Reader, *, cache_s: float = CACHE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = reader
        self._cache_s = cache_s
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._throttle = Throttle(clock=clock)
        self._used: set[str] = set()

    async def identify(self, header: str | None, address: str, *, is_admitted: bool = False) -> Principal:
        """The principal of an Authorization header; UnauthenticatedError, or BusyError after many failures.

        A request that `is_admitted` already is looked up whatever has failed: else whoever goes on failing with a token
        that was revoked would keep open what it had opened.
        """
        scheme, _, text = (header or "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise UnauthenticatedError(f"the request carries no token: {_HINT}")
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        known = self._known.get(digest)
        if known is None and not is_admitted:
            self._throttle.check(address, text, digest)
        elif known is not None and known.until > self._clock():
            return known.principal
        return await self._look_up(text, digest, address)

    async def _look_up(self, text: str, digest: bytes, address: str) -> Principal:
        if not text.isascii() or not text.isprintable():
            self._throttle.count(address, text, digest)
            raise UnauthenticatedError(f"the token is malformed: {_HINT}")
        try:
            principal = await self._reader.read(lambda tx: authenticate(tx, text, now=utc_now()))
        except UnauthenticatedError:
            self._known.pop(digest, None)
            self._throttle.count(address, text, digest)
            raise
        self._known[digest] = _Known(principal, self._clock() + self._cache_s)
        self._known.move_to_end(digest)
        while len(self._known) > CACHED:
            self._known.popitem(last=False)
        self._used.add(principal.token)
        return principal

    def forget_all(self) -> None:
        """Look every token up anew, e.g. after one was revoked."""
        self._known.clear()

    def take_used(self) -> set[str]:
        """Ids of the tokens used since the last call."""
        used, self._used = self._used, set()
        return used


def require(
    principal: Principal,
    action: Action,
    subject: Subject | None = None,
    *,
    kind: str = "thing",
    identity: str = "",
    party: str = "",
) -> None:
    """NotFoundError where the caller may not know of the thing, ForbiddenError where they may not do this to it.

    `party` is where the thing lies, if it belongs to one party.
    """
    if subject is not None and not is_visible(principal, subject):
        raise NotFoundError(kind, identity, party=party)
    if not is_allowed(principal, action, subject):
        words = str(action).replace("_", " ")
        where = f" at party {party!r}" if party else ""
        which = f" ({kind} {identity!r}{where})" if identity else ""
        raise ForbiddenError(
            f"{principal.name}, {principal.role or principal.kind}, may not {words} here{which}: "
            "ask for a token with a role that may, or let its owner do it"
        )
