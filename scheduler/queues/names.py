"""The names of queues and channels in the broker."""

from typing import Final

SCHEDULER: Final = "scheduler"
ADVANCE: Final = "scheduler.advance"
NUDGES: Final = "fedrota:nudge"
CHANGES: Final = "fedrota:changes"
PULSE: Final = "fedrota:scheduler"

_PARTY: Final = "party."


def queue_name(party: str) -> str:
    """The queue that only the worker of `party` consumes."""
    return f"{_PARTY}{party}"


def find_party(queue: str) -> str | None:
    """The party whose queue this is, or None for any other queue."""
    return queue.removeprefix(_PARTY) if queue.startswith(_PARTY) else None
