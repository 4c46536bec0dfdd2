"""The clients that are let in: each proved that it holds the key of its certificate, each is known by a token."""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

MAX_MEMBERS: Final = 10_000
MAX_CHALLENGES: Final = 2_000
CHALLENGE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Whom the gateway recognised; `bearer` stands for them there until `expires` (epoch seconds)."""

    user: str
    bearer: str = field(repr=False)
    expires: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A client's endpoint, its token on every message, and the token of its session of commands in a study."""

    origin: str
    login: Login
    token: str = field(repr=False)
    session: str = field(repr=False)
    study: str = ""

    @property
    def user(self) -> str:
        """The certificate's CN."""
        return self.login.user

    def has_session(self, session: str) -> bool:
        """Whether this is the token that the login gave."""
        return hmac.compare_digest(session.encode("utf-8", "surrogateescape"), self.session.encode())


class Members:
    """Everybody who is let in; of too many, the oldest goes. Time is epoch seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._members: OrderedDict[str, Member] = OrderedDict()
        self._challenges: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def challenge(self, origin: str, nonce: str) -> None:
        """Remember what the client at `origin` is to sign."""
        with self._lock:
            self._challenges[origin] = (nonce, self._clock() + CHALLENGE_S)
            self._challenges.move_to_end(origin)
            while len(self._challenges) > MAX_CHALLENGES:
                self._challenges.popitem(last=False)

    def take_challenge(self, origin: str) -> str | None:
        """What the client was to sign, once; None where it was asked for nothing, or too long ago."""
        with self._lock:
            nonce, until = self._challenges.pop(origin, ("", 0.0))
        return nonce if until > self._clock() else None

    def admit(self, origin: str, login: Login) -> Member:
        """Let a client in."""
        member = Member(origin=origin, login=login, token=secrets.token_urlsafe(32), session=secrets.token_urlsafe(32))
        with self._lock:
            self._members[member.token] = member
            while len(self._members) > MAX_MEMBERS:
                self._members.popitem(last=False)
        return member

    def find(self, token: str, origin: str) -> Member | None:
        """Who sends this token from this endpoint; None where nobody may."""
        with self._lock:
            member = self._members.get(token)
        if member is None or member.origin != origin:
            return None
        if member.login.expires <= self._clock():
            self.end(member)
            return None
        return member

    def enter(self, member: Member, study: str) -> None:
        """From now on the client works in this study."""
        with self._lock:
            if member.token in self._members:
                self._members[member.token] = replace(member, study=study)

    def end(self, member: Member) -> None:
        """Let the client do nothing more."""
        with self._lock:
            self._members.pop(member.token, None)
