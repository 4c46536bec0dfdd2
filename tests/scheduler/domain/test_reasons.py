"""Reasons in words."""

import pytest

from scheduler.domain.reasons import explain_job, explain_step, explain_task
from scheduler.domain.states import State
from tests.scheduler.domain.material import after, make_job, make_step, make_task

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"state": State.WAITING, "needs": ("one", "two", "three")}, "waits for step two, three"),
        ({"state": State.WAITING, "needs": ("one",)}, "becomes ready with the next pass"),
        (
            {"state": State.WAITING, "reason": "attempt 1 ended: boom; next try follows", "not_before": after(5)},
            "attempt 1 ended: boom; next try follows at 2026-03-01 12:00:05Z",
        ),
        ({"state": State.READY}, "queued: the scheduler looks at it next"),
        ({"state": State.READY, "reason": "party a has 0 of 2 slots free"}, "party a has 0 of 2 slots free"),
        ({"state": State.DISPATCHED}, "the parties' workers have been told and have not taken it yet"),
        ({"state": State.FAILED, "reason": "boom"}, "boom"),
    ],
)
def test_a_step_says_why_it_stands_where_it_stands(given, text):
    assert explain_step(make_step(**given), frozenset({"one"})) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"state": State.WAITING}, "as the step"),
        ({"state": State.DISPATCHED}, "the worker of party a has been told and has not taken it yet"),
        (
            {"state": State.LOST_CONTACT, "reason": "no word from party a"},
            "no word from party a; step s goes on when its worker is back",
        ),
        ({"state": State.RUNNING, "stop_kind": State.CANCELED, "reason": "by me"}, "stopping: by me"),
        ({"state": State.CANCELED, "stop_kind": State.CANCELED, "reason": "by me"}, "by me"),
        ({"state": State.FAILED, "reason": "boom"}, "boom"),
    ],
)
def test_a_task_says_why(given, text):
    assert explain_task(make_task(**given), make_step(), "as the step") == text


def test_a_job_speaks_of_the_step_that_matters():
    waiting = make_step("w", state=State.WAITING, needs=("r",))
    ready = make_step("q", state=State.READY, reason="party a is drained")
    running = make_step("r")
    job = make_job()
    assert explain_job(job, [waiting, ready, running], NONE) == "step r is running"
    assert explain_job(job, [waiting, ready], NONE) == "step q: party a is drained"
    assert explain_job(job, [waiting], NONE) == "step w: waits for step r"
    assert explain_job(job, [], NONE) == "the end is being written"


def test_a_job_that_stops_or_has_ended_says_why():
    assert (
        explain_job(make_job(stop_kind=State.CANCELED, stop_reason="by me"), [make_step()], NONE) == "stopping: by me"
    )
    assert explain_job(make_job(state=State.FAILED, reason="step s: boom"), [], NONE) == "step s: boom"


@pytest.mark.parametrize("state", [State.WAITING, State.READY, State.DISPATCHED])
def test_nothing_waits_without_a_reason(state):
    step = make_step(state=state)
    assert explain_step(step, NONE)
    assert explain_job(make_job(state=State.WAITING), [step], NONE)
    assert explain_task(make_task(state=State.WAITING), step, explain_step(step, NONE))
