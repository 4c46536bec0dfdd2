"""What the ends of parts mean for the whole."""

from collections.abc import Iterable, Sequence

from scheduler.domain import poison
from scheduler.domain.model import Failure, Task
from scheduler.domain.states import TERMINAL, Event, State

ENDING = {
    State.SUCCESS: Event.SUCCEEDED,
    State.FAILED: Event.FAILED,
    State.CANCELED: Event.CANCELED,
    State.TIMEOUT: Event.TIMED_OUT,
}

_GRAVITY = (State.FAILED, State.TIMEOUT, State.CANCELED, State.SUCCESS)


def job_outcome(steps: Iterable[State], stop_kind: State | None) -> State | None:
    """How a job has ended, or None while a step is open.

    A job all of whose steps succeeded is a success even if a stop came too late to matter.
    """
    states = set(steps)
    if not states <= TERMINAL:
        return None
    if states <= {State.SUCCESS}:
        return State.SUCCESS
    if stop_kind is not None:
        return stop_kind
    return next(state for state in _GRAVITY if state in states)


def first_failure(tasks: Sequence[Task]) -> Task | None:
    """The task that broke an attempt: the earliest to end badly by itself, not stopped for another's sake.

    A poisoned one comes before all others: that its peers could not reach its party is a consequence.
    """
    bad = [task for task in tasks if task.state in {State.FAILED, State.TIMEOUT}]
    stopped = [task for task in tasks if task.state is State.CANCELED]
    ranked = sorted(
        bad or stopped, key=lambda task: (not poison.is_poisoned(task), task.ended is None, task.ended, task.position)
    )
    return ranked[0] if ranked else None


def failure_of(task: Task) -> Failure:
    """The task's failure, or one made from its state where it left none."""
    return task.failure or Failure(kind=str(task.state), message=task.reason or f"the task is {task.state}")
