"""Jobs, steps and tasks in any state, as the store would hand them to the domain."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler.domain.machine import Limits, Settlement, settle
from scheduler.domain.model import Job, Retry, Step, Task
from scheduler.domain.states import State

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = Limits(offline_grace_s=3600.0)


def after(seconds: float) -> datetime:
    """A time relative to NOW."""
    return NOW + timedelta(seconds=seconds)


def make_job(**given: Any) -> Job:
    """A running job."""
    return replace(
        Job(
            id="j", name="job", owner="me", org="", project="p", state=State.RUNNING, reason="", priority=0,
            dialect="native", roles={"guest": ("a",), "host": ("b",)}, labels={}, created=NOW, started=NOW,
            ended=None, deadline=None,
        ),
        **given,
    )  # fmt: skip


def make_step(name: str = "s", **given: Any) -> Step:
    """A running step of job j."""
    return replace(
        Step(
            id=f"j-{name}", job_id="j", name=name, position=0, state=State.RUNNING, reason="", run={}, needs=(),
            inputs={}, params={}, overrides={}, retry=Retry(), timeout_s=None, slots=1, gang=False, attempt=1,
            spent=0, not_before=None, created=NOW, started=NOW, ended=None,
        ),
        **given,
    )  # fmt: skip


def make_task(party: str = "a", step: str = "s", **given: Any) -> Task:
    """A running task with a lease, of the step's first attempt."""
    state = State(given.get("state", State.RUNNING))
    return replace(
        Task(
            id=f"j-{step}-{party}", job_id="j", step_id=f"j-{step}", step=step, role="guest" if party == "a" else "host",
            party=party, position=0, attempt=1, seq=1, state=state, reason="", created=NOW, started=NOW, ended=None,
            lease_until=after(60), agent=f"agent-{party}", stop_kind=None, progress=None, failure=None, summary={},
        ),
        **given,
    )  # fmt: skip


def settled(job: Job, steps: list[Step], tasks: list[Task], *, now: datetime = NOW, draw: float = 0.5) -> Settlement:
    """What is due."""
    return settle(job, steps, tasks, now=now, limits=LIMITS, draw=draw)


def apply(
    job: Job, steps: list[Step], tasks: list[Task], due: Settlement, *, now: datetime = NOW
) -> tuple[Job, list[Step], list[Task]]:
    """The job after a settlement, as the store would write it; fails where a move does not start from what is there."""
    by_step, by_task = {step.id: step for step in steps}, {task.id: task for task in tasks}
    if due.stop_job:
        job = replace(job, stop_kind=due.stop_job.kind, stop_reason=due.stop_job.reason)
    for stop in due.stops:
        by_task[stop.task.id] = replace(by_task[stop.task.id], stop_kind=stop.kind, reason=stop.reason)
    for move in due.moves:
        shelf = {"step": by_step, "task": by_task}.get(move.level, {"j": job})
        item = shelf[move.id]
        assert item.state is move.source, f"{move.level} {move.id} is {item.state}, not {move.source}"
        ended = now if move.target in {State.SUCCESS, State.FAILED, State.CANCELED, State.TIMEOUT} else None
        item = replace(item, state=move.target, reason=move.reason, ended=ended)
        if move.level == "task" and move.failure:
            item = replace(item, failure=move.failure)
        shelf[move.id] = item
        job = shelf.get("j", job) if move.level == "job" else job
    for new in due.attempts:
        step = by_step[new.step.id]
        by_step[step.id] = replace(
            step, state=State.WAITING, attempt=new.attempt, spent=new.spent, not_before=new.not_before,
            reason=new.reason,
        )  # fmt: skip
        for task in [task for task in by_task.values() if task.step_id == step.id]:
            assert task.is_over, "a new attempt while an old task is open"
            del by_task[task.id]
            fresh = replace(
                task, id=f"{task.step_id}-{new.attempt}-{task.party}", attempt=new.attempt, seq=0,
                state=State.WAITING, reason="", started=None, ended=None, lease_until=None, agent=None,
                stop_kind=None, failure=None,
            )  # fmt: skip
            by_task[fresh.id] = fresh
    return job, list(by_step.values()), list(by_task.values())
