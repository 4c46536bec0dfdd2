"""The scheduler's sign of life: a key in the broker that says how long ago a pass went well.

The age is reckoned by the broker's clock alone, from what is left of the key's life: the hosts' clocks may differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import redis
import structlog

from scheduler.queues.background import Background
from scheduler.queues.names import PULSE

log: Final = structlog.get_logger()

BEAT_S: Final = 1.0
KEEP_S: Final = 7 * 86_400.0
"""After so long without a pass nobody knows any more that there was one."""
LATE_S: Final = 10.0
LATE_SWEEPS: Final = 3


@dataclass(frozen=True, slots=True)
class Beat:
    """The latest pass of any scheduler: its age, and the age from which on it is late, in seconds."""

    age_s: float
    late_s: float

    @property
    def is_late(self) -> bool:
        """Whether no scheduler is at work."""
        return self.age_s > self.late_s


def find_late_s(sweep_s: float) -> float:
    """How old the latest pass may be where a sweep is due every `sweep_s`."""
    return max(LATE_S, LATE_SWEEPS * sweep_s)


def write_beat(broker: redis.Redis, *, late_s: float) -> None:
    """Note that a pass went well just now."""
    broker.set(PULSE, f"{late_s:g}", px=round(KEEP_S * 1000))


def read_beat(broker: redis.Redis) -> Beat | None:
    """The latest beat; None where there was none for KEEP_S, or the broker has lost it; redis.RedisError."""
    pipeline = broker.pipeline(transaction=True)
    pipeline.get(PULSE)
    pipeline.pttl(PULSE)
    late, left_ms = pipeline.execute()
    return None if late is None else Beat(max(0.0, KEEP_S - left_ms / 1000), float(late))


class Pulse(Background):
    """Writes a beat whenever `count_passes` has grown, in a thread of its own: an absent broker holds up no pass."""

    def __init__(self, broker: redis.Redis, count_passes: Callable[[], int], *, late_s: float) -> None:
        super().__init__("scheduler-pulse", patience_s=2 * BEAT_S)
        self._broker = broker
        self._count_passes = count_passes
        self._late_s = late_s

    def _run(self) -> None:
        noted = 0
        while not self._closed.wait(BEAT_S):
            passes = self._count_passes()
            if passes == noted:
                continue
            try:
                write_beat(self._broker, late_s=self._late_s)
                noted = passes
            except redis.RedisError as failure:
                log.warning("pulse_not_written", error=str(failure))
