"""Event rows: one for every accepted move, written in the move's own transaction."""

from collections.abc import Sequence
from datetime import datetime

from scheduler.domain.states import Event, Level, result, sources
from scheduler.domain.values import valueclass
from scheduler.store.columns import to_epoch
from scheduler.store.tables.jobs import EventRow
from scheduler.store.tx import Tx


@valueclass(frozen=True, slots=True)
class Entry:
    """An event of a job, of one of its steps, or of one of its tasks."""

    level: Level
    event: Event
    state: str
    job: str
    step: str | None = None
    task: str | None = None
    reason: str = ""


def append_events(tx: Tx, entries: Sequence[Entry], now: datetime) -> None:
    """Write the entries, in their order, and remember whom to wake after the commit."""
    at = to_epoch(now)
    rows = [
        {
            "job_id": entry.job,
            "step_id": entry.step,
            "task_id": entry.task,
            "level": str(entry.level),
            "event": str(entry.event),
            "state": str(entry.state),
            "reason": entry.reason,
            "at": at,
        }
        for entry in entries
    ]
    tx.insert_last(EventRow, rows)
    tx.effects.changed_jobs.update(entry.job for entry in entries)


def to_state(level: Level, event: Event) -> str:
    """`state = '<target>'` for a statement's SET, from the one table of moves."""
    return f"state = '{result(level, event)}'"


def from_state(level: Level, *events: Event) -> str:
    """The WHERE condition that a row is in a state from which one of `events` is legal."""
    legal = dict.fromkeys(state for event in events for state in sources(level, event))
    return in_state(*legal)


def in_state(*states: str, of: str = "") -> str:
    """The condition that a row, of the table named if one is, is in one of the states; for rows found by a key.

    An expression instead of the column: PostgreSQL would rather walk a whole partial index of the states that
    was short when it made its plan.
    """
    column = f"{of}.state" if of else "state"
    return f"{column} || '' IN ({', '.join(repr(str(state)) for state in states)})"
