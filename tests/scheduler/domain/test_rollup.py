"""What the ends of parts mean for the whole."""

import pytest

from scheduler.domain.model import Failure
from scheduler.domain.rollup import ENDING, failure_of, first_failure, job_outcome
from scheduler.domain.states import TERMINAL, Level, State, result
from tests.scheduler.domain.material import after, make_task

S, F, C, T, R = State.SUCCESS, State.FAILED, State.CANCELED, State.TIMEOUT, State.RUNNING


@pytest.mark.parametrize(
    ("steps", "stop", "outcome"),
    [
        ([S, S], None, S),
        ([S, R], None, None),
        ([F, State.WAITING], F, None),
        ([S, S], C, S),
        ([S, C], C, C),
        ([F, C], F, F),
        ([C, T], T, T),
        ([C, T, F], None, F),
        ([S, C, T], None, T),
        ([S, C], None, C),
    ],
)
def test_the_outcome_of_a_job(steps, stop, outcome):
    assert job_outcome(steps, stop) is outcome


def test_the_culprit_is_the_first_to_end_badly_by_itself():
    tasks = [
        make_task("a", state=C, ended=after(1)),
        make_task("b", state=F, ended=after(3)),
        make_task("c", state=T, ended=after(2)),
        make_task("d", state=S, ended=after(0)),
    ]
    assert first_failure(tasks).party == "c"
    assert first_failure(tasks[:1]).party == "a"
    assert first_failure(tasks[3:]) is None


def test_of_two_at_the_same_moment_the_place_among_the_members_decides():
    tasks = [make_task("a", state=F, ended=after(1), position=1), make_task("b", state=F, ended=after(1), position=0)]
    assert first_failure(tasks).party == "b"


def test_a_failure_is_made_from_the_state_where_the_party_left_none():
    assert failure_of(make_task(failure=Failure(kind="exit", message="3"))) == Failure(kind="exit", message="3")
    assert failure_of(make_task(state=T, reason="too long")) == Failure(kind="timeout", message="too long")
    assert failure_of(make_task(state=C)).message == "the task is canceled"


def test_every_end_has_its_event():
    assert set(ENDING) == TERMINAL
    for level in Level:
        assert all(result(level, event) is state for state, event in ENDING.items())
