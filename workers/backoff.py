"""Pauses between tries: doubling, with full jitter, for ever."""

import random
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class Backoff:
    """Counts failures in a row."""

    def __init__(self, *, first_s: float = 0.1, cap_s: float = 10.0, chance: random.Random | None = None) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._chance = chance or random.Random()
        self.failures = 0

    def next_s(self) -> float:
        """The pause after one more failure."""
        bound = min(self._cap_s, self._first_s * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return self._chance.uniform(0, bound)

    def reset(self) -> None:
        """It worked."""
        self.failures = 0


class Pauses:
    """Waits after failures, longer each time, and says so in the log now and then."""

    def __init__(self, wait: Callable[[float], None], *, backoff: Backoff | None = None) -> None:
        """`wait` returns after so many seconds, or sooner where the waiting makes no sense any more."""
        self._wait = wait
        self._backoff = backoff or Backoff()
        self.on_count: Callable[[int], object] = lambda _failures: None
        """Called with the failures in a row at each, with 0 once it works again."""

    @property
    def failures(self) -> int:
        """How many in a row."""
        return self._backoff.failures

    def take(self, event: str, reason: str, *, after_s: float = 0.0, hint: str = "") -> None:
        """Something failed: wait, at least `after_s`; `hint` says what to do about it."""
        pause_s = max(after_s, self._backoff.next_s())
        if self.failures in {1, 5} or self.failures % 50 == 0:
            hints = {"hint": hint} if hint else {}
            log.warning(event, reason=reason, failures=self.failures, again_in_s=round(pause_s, 1), **hints)
        self.on_count(self.failures)
        self._wait(pause_s)

    def reset(self) -> None:
        """It worked."""
        if self.failures:
            self.on_count(0)
        self._backoff.reset()
