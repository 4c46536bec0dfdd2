from datetime import UTC, datetime, timedelta

import pytest

from api.native.render import render_attempt
from scheduler.domain.model import Failure, Task
from scheduler.domain.states import State

START = datetime(2026, 1, 1, tzinfo=UTC)


def make_task(state, position=0, failure=None):
    is_over = state in {State.SUCCESS, State.FAILED, State.CANCELED, State.TIMEOUT}
    begun = state not in {State.WAITING, State.DISPATCHED}
    return Task(
        id=f"t{position}", job_id="j", step_id="s", step="read", role="host", party=str(position), position=position,
        attempt=1, seq=1, state=state, reason="", created=START, started=START if begun else None,
        ended=START + timedelta(seconds=5 + position) if is_over else None, lease_until=None, agent=None,
        stop_kind=None, progress=None, failure=failure, summary={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (["success", "success"], "success"),
        (["failed", "canceled"], "failed"),
        (["success", "running"], "running"),
        (["success", "dispatched"], "running"),
        (["lost_contact", "dispatched"], "running"),
        (["dispatched", "dispatched"], "dispatched"),
        (["waiting", "waiting"], "waiting"),
        ([], "waiting"),
    ],
)
def test_an_attempts_state_follows_from_its_tasks(states, wanted):
    tasks = [make_task(State(state), number) for number, state in enumerate(states)]
    assert render_attempt(1, tasks)["state"] == wanted


def test_an_attempt_says_when_and_why_it_ended():
    broken = make_task(State.FAILED, 0, Failure(kind="error", message="no such column"))
    found = render_attempt(2, [broken, make_task(State.CANCELED, 1)])
    assert (found["reason"], found["started"]) == ("host 0: no such column", START)
    assert found["ended"] == START + timedelta(seconds=6)


def test_an_open_attempt_has_no_end():
    assert render_attempt(1, [make_task(State.SUCCESS), make_task(State.RUNNING, 1)])["ended"] is None
