"""The core's states in FATE's words, and times as FATE writes them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from scheduler.domain.states import State

WAITING: Final = "waiting"
RUNNING: Final = "running"
SUCCESS: Final = "success"
PASSED: Final = "pass"

# FATE's `ready` is never shown: its clients give up on a status that they do not know.
_STATUS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.WAITING: WAITING,
        State.READY: WAITING,
        State.DISPATCHED: WAITING,
        State.RUNNING: RUNNING,
        State.LOST_CONTACT: RUNNING,
        State.SUCCESS: SUCCESS,
        State.FAILED: "failed",
        State.CANCELED: "canceled",
        State.TIMEOUT: "timeout",
    }
)


def name_status(state: State) -> str:
    """FATE's word for a state."""
    return _STATUS[state]


def list_states(statuses: list[str]) -> list[State]:
    """The states that these words stand for."""
    return [state for state, status in _STATUS.items() if status in statuses]


def render_time(at: datetime | None) -> int | None:
    """Milliseconds since 1970."""
    return None if at is None else round(at.timestamp() * 1000)


def render_date(at: datetime | None) -> str | None:
    """The local time of the gateway, to the second."""
    return None if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def render_elapsed(started: datetime | None, ended: datetime | None) -> int | None:
    """Milliseconds from the start to the end; none before the end."""
    return None if started is None or ended is None else round((ended - started).total_seconds() * 1000)
