"""Pauses between tries: doubling, with full jitter, for ever."""

import random


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
