"""The states of jobs, steps and tasks, and the one table of legal moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    """Where a job, a step or a task stands."""

    WAITING = "waiting"
    READY = "ready"
    DISPATCHED = "dispatched"
    RUNNING = "running"
    LOST_CONTACT = "lost_contact"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMEOUT = "timeout"


class Level(StrEnum):
    """What a move applies to."""

    JOB = "job"
    STEP = "step"
    TASK = "task"


class Event(StrEnum):
    """What happened; every accepted one is also a row of the event log."""

    SUBMITTED = "submitted"
    READIED = "readied"
    DISPATCHED = "dispatched"
    REDISPATCHED = "redispatched"
    CLAIMED = "claimed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    LOST = "lost"
    REGAINED = "regained"
    RETRIED = "retried"
    RERUN = "rerun"
    STOP_REQUESTED = "stop_requested"


Moves = Mapping[tuple[State, Event], State]

TERMINAL: Final = frozenset({State.SUCCESS, State.FAILED, State.CANCELED, State.TIMEOUT})
OPEN: Final = frozenset(State) - TERMINAL
UNDERWAY: Final = frozenset({State.DISPATCHED, State.RUNNING, State.LOST_CONTACT})
HELD: Final = frozenset({State.RUNNING, State.LOST_CONTACT})


def _ends(*sources: State) -> dict[tuple[State, Event], State]:
    """The four ways to end, from each of `sources`."""
    ends = {
        Event.SUCCEEDED: State.SUCCESS,
        Event.FAILED: State.FAILED,
        Event.CANCELED: State.CANCELED,
        Event.TIMED_OUT: State.TIMEOUT,
    }
    return {(source, event): target for source in sources for event, target in ends.items()}


_TASK: Final[Moves] = MappingProxyType(
    {
        (State.WAITING, Event.DISPATCHED): State.DISPATCHED,
        (State.WAITING, Event.CANCELED): State.CANCELED,
        (State.DISPATCHED, Event.REDISPATCHED): State.DISPATCHED,
        (State.DISPATCHED, Event.CLAIMED): State.RUNNING,
        (State.DISPATCHED, Event.CANCELED): State.CANCELED,
        (State.RUNNING, Event.LOST): State.LOST_CONTACT,
        (State.LOST_CONTACT, Event.REGAINED): State.RUNNING,
        **_ends(State.RUNNING, State.LOST_CONTACT),
    }
)

_STEP: Final[Moves] = MappingProxyType(
    {
        (State.WAITING, Event.READIED): State.READY,
        (State.WAITING, Event.CANCELED): State.CANCELED,
        (State.READY, Event.DISPATCHED): State.DISPATCHED,
        (State.READY, Event.CANCELED): State.CANCELED,
        (State.DISPATCHED, Event.CLAIMED): State.RUNNING,
        (State.DISPATCHED, Event.RETRIED): State.WAITING,
        (State.RUNNING, Event.RETRIED): State.WAITING,
        **_ends(State.DISPATCHED, State.RUNNING),
        **{(state, Event.RERUN): State.WAITING for state in TERMINAL},
    }
)

_JOB: Final[Moves] = MappingProxyType(
    {
        (State.WAITING, Event.CLAIMED): State.RUNNING,
        **_ends(State.WAITING, State.RUNNING),
        **{(state, Event.RERUN): State.WAITING for state in TERMINAL},
    }
)

MOVES: Final[Mapping[Level, Moves]] = MappingProxyType({Level.JOB: _JOB, Level.STEP: _STEP, Level.TASK: _TASK})


def target(level: Level, state: State, event: Event) -> State | None:
    """The state that `event` leads to from `state`, or None where the event is illegal."""
    return MOVES[level].get((state, event))


def sources(level: Level, event: Event) -> tuple[State, ...]:
    """Every state from which `event` is legal at `level`, in the table's order."""
    return tuple(state for (state, known), _ in MOVES[level].items() if known is event)


def result(level: Level, event: Event) -> State:
    """The one state that `event` leads to at `level`; a KeyError where no row of the table has it."""
    for (_, known), reached in MOVES[level].items():
        if known is event:
            return reached
    raise KeyError(f"{event} is no event of a {level}")
