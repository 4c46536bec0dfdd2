"""Whether a peer is there: since when it is silent, and when to ask again."""

from dataclasses import dataclass
from typing import Final

FIRST_RETRY_S: Final = 0.2
LAST_RETRY_S: Final = 2.0
UNKNOWN_GRACES: Final = 4
"""A peer's worker may say so many grace periods long that it does not have the task yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds; `linger_s` is for peers that still need what an ended task sent."""

    peer_grace_s: float = 15.0
    recv_timeout_s: float = 600.0
    cycle_s: float = 2.0
    linger_s: float = 600.0


@dataclass(slots=True)
class Liveness:
    """What was heard of a peer; times are those of the event loop's clock."""

    grace_s: float
    silent_since: float | None = None
    unknown_since: float | None = None
    is_offline: bool = False
    _pause_s: float = FIRST_RETRY_S
    _ask_at: float = 0.0

    def heard(self) -> None:
        """A frame came that only the peer can have made."""
        self.silent_since = self.unknown_since = None
        self.is_offline = False

    def heard_unknown(self, now: float) -> float:
        """The peer's worker answers, but does not have the task; for how long it has been saying so."""
        self.silent_since = None
        self.is_offline = False
        self.unknown_since = now if self.unknown_since is None else self.unknown_since
        return now - self.unknown_since

    def asked(self, now: float) -> None:
        """Something was sent that the peer must answer."""
        self._ask_at = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, LAST_RETRY_S)
        self.await_answer(now)

    def await_answer(self, now: float) -> None:
        """From now on silence counts."""
        if self.silent_since is None:
            self.silent_since = now

    def is_time_to_ask(self, now: float) -> bool:
        """Whether the pause since the last question is over."""
        return now >= self._ask_at

    def hurry(self) -> None:
        """Ask at once and more often again."""
        self._pause_s = FIRST_RETRY_S
        self._ask_at = 0.0

    def rest(self) -> None:
        """Nothing is expected of the peer, or this side has no connection: silence means nothing."""
        self.silent_since = None

    def find_absence(self, now: float) -> str:
        """In words, what is wrong with the peer; empty while it has time."""
        if self.silent_since is not None and now - self.silent_since > self.grace_s:
            what = "has not been connected" if self.is_offline else "has not answered"
            return f"{what} for {self.grace_s:g} s"
        if self.unknown_since is not None and now - self.unknown_since > UNKNOWN_GRACES * self.grace_s:
            return f"has not started its side of the step for {UNKNOWN_GRACES * self.grace_s:g} s"
        return ""
