"""The table of moves: every pair of a state and an event is either a row of it or refused."""

from itertools import product

import pytest

from scheduler.domain.states import (
    HELD,
    MOVES,
    OPEN,
    TERMINAL,
    UNDERWAY,
    Event,
    Level,
    State,
    result,
    sources,
    target,
)

ENDS = {
    Event.SUCCEEDED: State.SUCCESS,
    Event.FAILED: State.FAILED,
    Event.CANCELED: State.CANCELED,
    Event.TIMED_OUT: State.TIMEOUT,
}
LEGAL = {
    Level.TASK: {
        ("waiting", "dispatched"): "dispatched",
        ("waiting", "canceled"): "canceled",
        ("dispatched", "redispatched"): "dispatched",
        ("dispatched", "claimed"): "running",
        ("dispatched", "canceled"): "canceled",
        ("running", "lost"): "lost_contact",
        ("lost_contact", "regained"): "running",
        **{(state, event): end for state in ("running", "lost_contact") for event, end in ENDS.items()},
    },
    Level.STEP: {
        ("waiting", "readied"): "ready",
        ("waiting", "canceled"): "canceled",
        ("ready", "dispatched"): "dispatched",
        ("ready", "canceled"): "canceled",
        ("dispatched", "claimed"): "running",
        ("dispatched", "retried"): "waiting",
        ("running", "retried"): "waiting",
        **{(state, event): end for state in ("dispatched", "running") for event, end in ENDS.items()},
        **{(state, "rerun"): "waiting" for state in ENDS.values()},
    },
    Level.JOB: {
        ("waiting", "claimed"): "running",
        **{(state, event): end for state in ("waiting", "running") for event, end in ENDS.items()},
        **{(state, "rerun"): "waiting" for state in ENDS.values()},
    },
}  # fmt: skip


@pytest.mark.parametrize("level", Level)
def test_exactly_the_rows_of_the_table_are_legal(level):
    for state, event in product(State, Event):
        assert target(level, state, event) == LEGAL[level].get((state, event)), (state, event)


@pytest.mark.parametrize("level", Level)
def test_an_event_always_leads_to_the_same_state(level):
    """Set-based statements rely on it: they write one target for every source."""
    for event in Event:
        reached = {found for state in State if (found := target(level, state, event))}
        assert len(reached) <= 1
        if reached:
            assert result(level, event) == reached.pop()
            assert set(sources(level, event)) == {state for state in State if target(level, state, event)}
        else:
            assert sources(level, event) == ()
            with pytest.raises(KeyError, match=event):
                result(level, event)


def test_a_task_that_has_ended_never_moves_again():
    assert not [row for row in MOVES[Level.TASK] if row[0] in TERMINAL]


@pytest.mark.parametrize("level", [Level.JOB, Level.STEP])
def test_only_a_rerun_opens_what_has_ended(level):
    assert {event for state, event in MOVES[level] if state in TERMINAL} == {Event.RERUN}


@pytest.mark.parametrize("level", Level)
def test_every_state_that_can_be_reached_can_be_left_for_an_end(level):
    reached, edges = {State.WAITING}, {(a, b) for (a, _), b in MOVES[level].items()}
    while more := {b for a, b in edges if a in reached} - reached:
        reached |= more
    for start in reached - TERMINAL:
        ahead = {start}
        while more := {b for a, b in edges if a in ahead} - ahead:
            ahead |= more
        assert ahead & TERMINAL, start


def test_the_groups_of_states_do_not_contradict_each_other():
    assert set(State) == OPEN | TERMINAL
    assert not OPEN & TERMINAL
    assert HELD < UNDERWAY < OPEN
