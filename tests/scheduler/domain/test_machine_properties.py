"""Random small jobs in random states: a settlement can be written down, leaves nothing due, and moves by the table."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.machine import settle
from scheduler.domain.model import Failure, Retry
from scheduler.domain.states import OPEN, TERMINAL, State, target
from tests.scheduler.domain.material import LIMITS, NOW, after, apply, make_job, make_step, make_task

KINDS = st.sampled_from(["error", "lost", "interrupted", "timeout"])
SETTINGS = settings(max_examples=300, deadline=None)


def task_states(step):
    """The states that tasks of a step in this state can be in."""
    return {
        State.WAITING: [State.WAITING],
        State.READY: [State.WAITING],
        State.DISPATCHED: [State.DISPATCHED],
        State.RUNNING: [State.DISPATCHED, State.RUNNING, State.LOST_CONTACT, *sorted(TERMINAL)],
    }.get(step, [step])


@st.composite
def jobs(draw):
    """A job with up to four steps in a random DAG, each in a state that its needs allow."""
    steps, tasks = [], []
    for number in range(draw(st.integers(1, 4))):
        needs = tuple(step.name for step in steps if draw(st.booleans()))
        is_free = all(step.state is State.SUCCESS for step in steps if step.name in needs)
        states = [State.READY, State.DISPATCHED, State.RUNNING, State.SUCCESS, State.WAITING] if is_free else [State.WAITING]
        step = make_step(
            f"s{number}",
            position=number,
            needs=needs,
            state=draw(st.sampled_from(states)),
            retry=Retry(attempts=draw(st.integers(1, 3)), on=("lost", "interrupted")),
            timeout_s=draw(st.sampled_from([None, 5.0])),
            spent=draw(st.integers(0, 2)),
        )
        steps.append(step)
        tasks += [draw(task_of(step, party)) for party in ("a", "b", "c")[: draw(st.integers(1, 3))]]
    stop = draw(st.sampled_from([None, None, State.CANCELED, State.FAILED, State.TIMEOUT]))
    job = make_job(deadline=draw(st.sampled_from([None, after(-1), after(50)])))
    return replace(job, stop_kind=stop, stop_reason="told so" if stop else ""), steps, tasks


def task_of(step, party):
    return st.builds(
        lambda state, lease, kind, stop, service: make_task(
            party,
            step.name,
            state=state,
            lease_until=after(lease),
            started=after(-lease),
            ended=NOW if state in TERMINAL else None,
            failure=Failure(kind=kind, message="boom") if state is State.FAILED else None,
            stop_kind=stop if state in {State.RUNNING, State.LOST_CONTACT} else None,
            reason="told so" if stop else "",
            service=service and party == "c",
        ),
        st.sampled_from(task_states(step.state)),
        st.sampled_from([-5000.0, -1.0, 60.0]),
        KINDS,
        st.sampled_from([None, None, State.CANCELED, State.TIMEOUT]),
        st.booleans(),
    )


@SETTINGS
@given(jobs(), st.floats(0, 0.999))
def test_a_settlement_can_be_written_and_leaves_nothing_due_in_a_few_rounds(world, draw):
    now = NOW
    for _ in range(8):
        due = settle(*world, now=now, limits=LIMITS, draw=draw)
        if due.is_empty:
            break
        world = apply(*world, due, now=now)
    else:
        raise AssertionError("never settled")
    assert settle(*world, now=now, limits=LIMITS, draw=draw).is_empty


@SETTINGS
@given(jobs())
def test_every_move_is_a_row_of_the_table_with_a_reason_where_it_ends_badly(world):
    due = settle(*world, now=NOW, limits=LIMITS, draw=0.5)
    for move in due.moves:
        assert target(move.level, move.source, move.event) is move.target
        if move.target in TERMINAL - {State.SUCCESS}:
            assert move.reason, move


@SETTINGS
@given(jobs(), st.floats(0, 0.999))
def test_time_and_silence_alone_end_every_job_whose_parties_are_gone(world, draw):
    """No party ever answers, nothing is dispatched: a stop and patience must end the job, whatever its state."""
    job, steps, tasks = world
    world = replace(job, stop_kind=job.stop_kind or State.CANCELED, stop_reason="enough"), steps, tasks
    now = NOW
    for _ in range(20):
        while not (due := settle(*world, now=now, limits=LIMITS, draw=draw)).is_empty:
            world = apply(*world, due, now=now)
        now += timedelta(seconds=4000)
    job, steps, tasks = world
    assert job.state in TERMINAL
    assert not [item for item in (*steps, *tasks) if item.state in OPEN]


@SETTINGS
@given(jobs())
def test_what_has_ended_stays_as_it_is(world):
    _, steps, tasks = world
    ended = {item.id: item.state for item in (*steps, *tasks) if item.state in TERMINAL}
    due = settle(*world, now=NOW, limits=LIMITS, draw=0.5)
    assert not [move for move in due.moves if move.id in ended]
    assert not [stop for stop in due.stops if stop.task.id in ended]
