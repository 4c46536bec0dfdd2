"""How a job looks at the moment of its submission, without reading it back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.domain.model import Job, Step, StepPlan, Submission, Task
from scheduler.domain.plan import number_members
from scheduler.domain.reasons import explain_new_step, explain_progress
from scheduler.domain.states import State
from scheduler.store.hot.submit import step_id, task_id
from scheduler.store.queries.jobs import JobDetail, StepDetail

_NONE: frozenset[str] = frozenset()


def view_fresh(submission: Submission, *, job: str, now: datetime) -> JobDetail:
    """The job that `submission` made as `job` at `now`; with an empty `job`, the one that it would make."""
    details = [_view_step(plan, position, job, now) for position, plan in enumerate(submission.steps)]
    steps = [detail.step for detail in details]
    return JobDetail(_view_job(submission, job, now, steps), details)


def _view_job(submission: Submission, job: str, now: datetime, steps: Sequence[Step]) -> Job:
    return Job(
        id=job,
        name=submission.name,
        owner=submission.owner,
        org=submission.org,
        project=submission.project,
        state=State.WAITING,
        reason=explain_progress(steps, _NONE),
        priority=submission.priority,
        dialect=submission.dialect,
        roles=submission.roles,
        labels=submission.labels,
        created=now,
        started=None,
        ended=None,
        deadline=None if submission.deadline_s is None else now + timedelta(seconds=submission.deadline_s),
    )


def _view_step(plan: StepPlan, position: int, job: str, now: datetime) -> StepDetail:
    identity = step_id(job, position) if job else ""
    step = Step(
        id=identity,
        job_id=job,
        name=plan.name,
        position=position,
        state=State.WAITING if plan.needs else State.READY,
        reason=explain_new_step(plan.needs),
        run=plan.run,
        needs=plan.needs,
        inputs=plan.inputs,
        params=plan.params,
        overrides=plan.overrides,
        retry=plan.retry,
        timeout_s=plan.timeout_s,
        slots=plan.slots,
        gang=plan.gang,
        attempt=1,
        spent=0,
        not_before=None,
        created=now,
        started=None,
        ended=None,
    )
    return StepDetail(step, _view_tasks(step, plan, now))


def _view_tasks(step: Step, plan: StepPlan, now: datetime) -> list[Task]:
    return [
        Task(
            id=task_id(step.id, 1, member) if step.id else "",
            job_id=step.job_id,
            step_id=step.id,
            step=step.name,
            role=role,
            party=party,
            position=position,
            attempt=1,
            seq=0,
            state=State.WAITING,
            reason=step.reason,
            created=now,
            started=None,
            ended=None,
            lease_until=None,
            agent=None,
            stop_kind=None,
            progress=None,
            failure=None,
            summary={},
            service=role in plan.services,
        )
        for member, (role, party, position) in enumerate(number_members(plan.members))
    ]
