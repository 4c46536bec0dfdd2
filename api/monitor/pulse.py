"""Whether a scheduler is at work: without one, jobs are taken and nothing starts."""

from dataclasses import dataclass
from typing import Final

import redis
import structlog
from aiohttp import web

from api.keys import BROKER, BROKER_FLIGHT, BROKER_THREADS
from scheduler.queues.pulse import Beat, read_beat

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PulseState:
    """What the broker knows of the schedulers; no beat where there was none or the broker does not answer."""

    beat: Beat | None
    is_known: bool = True

    @property
    def is_alive(self) -> bool | None:
        """Whether a scheduler is at work; None where that cannot be told."""
        if not self.is_known:
            return None
        return self.beat is not None and not self.beat.is_late

    @property
    def reason(self) -> str:
        """Why nothing starts; empty where a scheduler is at work, or where that cannot be told."""
        if self.is_alive is not False:
            return ""
        seen = f"no scheduler has made a pass for {self.beat.age_s:.0f} s" if self.beat else "no scheduler has run yet"
        return f"{seen}: jobs are accepted, and none starts until a scheduler runs"

    @property
    def word(self) -> str:
        """The state as /readyz says it."""
        return self.reason or ("ok" if self.is_known else "not known: the broker is not reachable")


async def ask_pulse(app: web.Application) -> PulseState:
    """Whether a scheduler is at work, asked of the broker once for all who want to know at the same time."""
    return await app[BROKER_FLIGHT].run(find_pulse, lambda: app[BROKER_THREADS].call(lambda: find_pulse(app[BROKER])))


def find_pulse(broker: redis.Redis) -> PulseState:
    """Whether a scheduler is at work, as far as the broker can tell."""
    try:
        return PulseState(read_beat(broker))
    except redis.RedisError as failure:
        log.warning("broker_not_asked", error=str(failure))
        return PulseState(None, is_known=False)
