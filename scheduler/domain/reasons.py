"""Why something waits or failed, in words; everything has a reason at all times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from scheduler.domain.model import Job, Step, Task
from scheduler.domain.states import TERMINAL, State

QUEUED: Final = "queued: the scheduler looks at it next"


def explain_new_step(needs: Sequence[str]) -> str:
    """Why a step stands where it stands at the moment of its submission."""
    return _explain_needs(needs) if needs else QUEUED


def explain_step(step: Step, succeeded: frozenset[str]) -> str:
    """Why the step stands where it stands; `succeeded` names the job's steps that are done."""
    if step.state is State.WAITING:
        return _explain_waiting(step, succeeded)
    if step.state is State.READY:
        return step.reason or QUEUED
    if step.state is State.DISPATCHED:
        return step.reason or "the parties' workers have been told and have not taken it yet"
    return step.reason


def _explain_waiting(step: Step, succeeded: frozenset[str]) -> str:
    missing = [need for need in step.needs if need not in succeeded]
    if missing:
        return _explain_needs(missing)
    pause = f" at {_clock(step.not_before)}" if step.not_before else ""
    return f"{step.reason}{pause}" if step.reason else "becomes ready with the next pass"


def _explain_needs(missing: Sequence[str]) -> str:
    return f"waits for step {', '.join(missing)}"


def explain_task(task: Task, step: Step, step_reason: str) -> str:
    """Why the task stands where it stands."""
    if task.state is State.WAITING:
        return step_reason
    if task.state is State.DISPATCHED:
        return f"the worker of party {task.party} has been told and has not taken it yet"
    if task.state is State.LOST_CONTACT:
        return f"{task.reason}; step {step.name} goes on when its worker is back"
    if task.stop_kind is not None and task.state not in TERMINAL:
        return f"stopping: {task.reason}"
    return task.reason


def explain_job(job: Job, steps: Sequence[Step], succeeded: frozenset[str]) -> str:
    """Why the job stands where it stands; `steps` are its steps that have not succeeded, in order."""
    if job.state in TERMINAL:
        return job.reason
    if job.stop_kind is not None:
        return f"stopping: {job.stop_reason}"
    return explain_progress([step for step in steps if step.state not in TERMINAL], succeeded)


def explain_progress(open_steps: Sequence[Step], succeeded: frozenset[str]) -> str:
    """Why an open job stands where it stands: its steps that have not ended, in order, tell."""
    active = next((step for step in open_steps if step.state is State.RUNNING), None)
    if active is not None:
        return f"step {active.name} is running"
    if not open_steps:
        return "the end is being written"
    first = next((step for step in open_steps if step.state is not State.WAITING), open_steps[0])
    return f"step {first.name}: {explain_step(first, succeeded)}"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
