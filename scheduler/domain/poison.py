"""Poison: a step that costs a party's worker its life again and again is not given out any more.

A worker that dies takes all its tasks along, and whoever starts it anew cannot know which of them was to blame.
So deaths are counted by step and party, over the step's attempts; an operator's requeue begins anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scheduler.domain.errors import ConflictError
from scheduler.domain.messages import Report
from scheduler.domain.model import Failure, Step, Task

POISON: Final = "poison"
"""The kind of failure that nothing but an operator follows up."""
LAST_WORDS: Final = 2000
"""So many characters of the log are kept of a death that is not poison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How an earlier task of a step failed."""

    attempt: int
    party: str
    failure: Failure


def count_deaths(past: Iterable[Past], party: str) -> int:
    """In how many attempts since the step was last poison the party's worker died while it held the step."""
    tasks = list(past)
    since = max((task.attempt for task in tasks if task.failure.kind == POISON), default=0)
    deaths = {task.attempt for task in tasks if task.party == party and task.failure.worker_died}
    return sum(attempt > since for attempt in deaths)


def judge_death(report: Report, *, party: str, before: int, allowed: int) -> Report:
    """The report of a worker's death as it counts, after `before` earlier ones: poison where it is the last allowed."""
    deaths = before + 1
    if deaths < allowed:
        return replace(report, detail=report.detail[-LAST_WORDS:])
    times = "once" if deaths == 1 else "twice" if deaths == 2 else f"{deaths} times"
    said = f"poison: the worker of party {party} died {times} while it held this step; an operator can requeue the job"
    return replace(report, kind=POISON, message=said)


def is_poisoned(task: Task) -> bool:
    """Whether the task is kept for an operator."""
    return task.failure is not None and task.failure.kind == POISON


def may_retry(step: Step, failure: Failure, spent: int) -> bool:
    """The guard of a step's retry: the failure is worth another try, and `spent` tries are not all."""
    if failure.kind == POISON:
        return False
    return failure.kind in step.retry.on and spent < step.retry.attempts


def check_rerun(job: str, chosen: Sequence[Step], tasks: Iterable[Task]) -> None:
    """The guard of a rerun; ConflictError where a step is poison, which only an operator's requeue passes."""
    poisoned = {task.step_id: task for task in tasks if is_poisoned(task)}
    for step in chosen:
        if step.id in poisoned:
            task = poisoned[step.id]
            raise ConflictError(
                f"step {step.name} of job {job} is poison: the worker of party {task.party} died while it held the step. "
                f"An operator gives it out again by `fedrota requeue {job}`"
            )
