"""How a job has ended, and what to type next."""

import typer
from rich.markup import escape

from fedrota.cli.exits import JOB_FAILED
from fedrota.cli.show import print_line, print_next
from fedrota.cli.words import say_duration, say_state
from fedrota.model import OVER, Job, Task


def print_verdict(job: Job) -> None:
    """The job's state and reason, what failed where, and the commands that help now."""
    took = (job.ended - job.created).total_seconds() if job.ended and job.created else None
    failed = [task for step in job.steps for task in step.tasks if task.state in {"failed", "timeout"}]
    is_told_below = any(task.failure and job.reason.endswith(task.failure.message or " ") for task in failed)
    reason = f": {escape(job.reason)}" if job.reason and not is_told_below else ""
    print_line(f"job {job.id} {say_state(job.state)} after {say_duration(took)}{reason}")
    for task in failed:
        print_line(f"  {escape(task.step)} {escape(task.role)} {escape(task.party)}: {escape(say_failure(task))}")
    print_next(*list_next(job))


def say_failure(task: Task) -> str:
    """Why a task did not succeed."""
    if task.failure and task.failure.message:
        return f"{task.failure.message} ({task.failure.kind})"
    return task.reason or task.state


def list_next(job: Job) -> list[str]:
    """Commands worth typing for a job in this state."""
    if job.state == "success":
        return [f"fedrota {words} {job.id}" for words in ("metrics", "summary", "output ls")]
    if job.state not in OVER:
        why = ["fedrota queues"] if job.state == "waiting" else []
        return [*why, f"fedrota watch {job.id}", f"fedrota stop {job.id}"]
    failed = find_failed_task(job)
    logs = [f"fedrota logs {job.id} {failed.step} --party {failed.party}"] if failed else []
    again = "requeue" if any(_is_poison(task) for step in job.steps for task in step.tasks) else "rerun"
    return [*logs, f"fedrota {again} {job.id}"]


def _is_poison(task: Task) -> bool:
    """Whether an operator keeps the task: a rerun would be refused."""
    return task.failure is not None and task.failure.kind == "poison"


def find_failed_task(job: Job) -> Task | None:
    """The task that failed first; those stopped along with it are not meant."""
    failed = [task for step in job.steps for task in step.tasks if task.state in {"failed", "timeout"}]
    return min(failed, key=lambda task: (task.ended is None, task.ended), default=None)


def leave(job: Job) -> None:
    """End the command with the exit code that an ended job means."""
    if job.state != "success":
        raise typer.Exit(JOB_FAILED)
