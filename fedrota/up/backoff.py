"""How long to wait before a restart, and when to give up: pure, with the clock handed in."""

from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 60.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
LIMIT: Final = 5
LIMIT_BEFORE_READY: Final = 2


@dataclass(slots=True)
class Crashes:
    """The recent deaths of one process."""

    times: list[float] = field(default_factory=list)

    def note(self, now: float, *, was_ready: bool, is_orderly: bool = False) -> float | None:
        """Seconds to wait before the next start, or None when this is a crash loop.

        A process that never became ready is given up sooner: its settings are wrong, not its luck. An orderly
        end, such as a restart that somebody asked for, is no death.
        """
        if is_orderly:
            return FIRST_PAUSE_S
        self.times = [time for time in self.times if now - time < WINDOW_S] + [now]
        if len(self.times) >= (LIMIT if was_ready else LIMIT_BEFORE_READY):
            return None
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (len(self.times) - 1))
