"""FLARE's status of a job, from the core's state and what its tasks died of."""

from datetime import UTC, datetime

import pytest

from api.dialects.flare.vocabulary.meta import name_status
from scheduler.domain.model import Failure, Job, Task
from scheduler.domain.states import State

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def job(state, *, started=NOON):
    return Job(
        id="1", name="j", owner="me", org="", project="p", state=state, reason="", priority=0, dialect="flare", roles={},
        labels={}, created=NOON, started=started, ended=None, deadline=None,
    )  # fmt: skip


def task(state, kind=""):
    return Task(
        id="t", job_id="1", step_id="s", step="run", role="client", party="a", position=0, attempt=1, seq=1, state=state,
        reason="", created=NOON, started=None, ended=None, lease_until=None, agent=None, stop_kind=None, progress=None,
        failure=Failure(kind=kind, message="") if kind else None, summary={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "tasks", "status"),
    [
        (State.WAITING, [task(State.WAITING)], "SUBMITTED"),
        (State.WAITING, [task(State.DISPATCHED)], "DISPATCHED"),
        (State.RUNNING, [task(State.RUNNING)], "RUNNING"),
        (State.SUCCESS, [task(State.SUCCESS)], "FINISHED:COMPLETED"),
        (State.CANCELED, [task(State.CANCELED)], "FINISHED:ABORTED"),
        (State.FAILED, [task(State.FAILED, "error")], "FINISHED:EXECUTION_EXCEPTION"),
        (State.FAILED, [task(State.FAILED, "lost"), task(State.CANCELED, "stopped")], "FINISHED:ABNORMAL"),
        (State.FAILED, [task(State.FAILED, "poison"), task(State.FAILED, "unreachable")], "FINISHED:ABNORMAL"),
        (State.FAILED, [task(State.FAILED, "lost"), task(State.FAILED, "exit")], "FINISHED:EXECUTION_EXCEPTION"),
        (State.TIMEOUT, [task(State.TIMEOUT)], "FINISHED:ABNORMAL"),
    ],
)
def test_status(state, tasks, status):
    assert name_status(job(state), tasks) == status


def test_a_job_that_never_began_before_its_deadline_could_not_be_scheduled():
    assert name_status(job(State.TIMEOUT, started=None), []) == "FINISHED:CAN_NOT_SCHEDULE"
