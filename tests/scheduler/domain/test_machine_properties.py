"""Random small jobs in random states: a settlement can be written down, leaves nothing due, and moves by the table."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.machine import settle
from scheduler.domain.model import Failure, Retry
from scheduler.domain.states import OPEN, TERMINAL, State, target
from tests.scheduler.domain.material import LIMITS, NOW, after, apply, make_job, make_step, make_task

KINDS = st.sampled_from(["error", "lost", "interrupted", "timeout"])
SETTINGS = settings(max_examples=120, deadline=None)


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
        states = (
            [State.READY, State.DISPATCHED, State.RUNNING, State.SUCCESS, State.WAITING] if is_free else [State.WAITING]
        )
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


# --- seeded walks: thousands of small lives of jobs, in memory ---

EVENTS = {"dispatch": 20, "claim": 30, "report": 40, "beat": 20, "time": 20, "stop": 1}


class Life:
    """A job from its submission to its end, moved by chance; settled after every move, as the service does."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = NOW
        steps, tasks = [], []
        for number in range(self.random.randint(1, 4)):
            needs = tuple(step.name for step in steps if self.random.random() < 0.4)
            retry = Retry(
                attempts=self.random.randint(1, 3), backoff_s=self.random.choice([0.0, 3.0]), on=("lost", "interrupted")
            )
            state = State.WAITING if needs else State.READY
            steps.append(
                make_step(
                    f"s{number}",
                    position=number,
                    needs=needs,
                    state=state,
                    retry=retry,
                    timeout_s=self.random.choice([None, 30.0]),
                )
            )
            for party in ("a", "b", "c")[: self.random.randint(1, 3)]:
                service = party == "c" and self.random.random() < 0.3
                tasks.append(
                    make_task(
                        party, f"s{number}", state=State.WAITING, started=None, seq=0, service=service, lease_until=None
                    )
                )
        deadline = after(self.random.choice([50.0, 500.0, 5000.0]))
        self.world = make_job(state=State.WAITING, deadline=self.random.choice([None, deadline])), steps, tasks

    def live(self, moves):
        """`moves` events, then patience until the end."""
        for _ in range(moves):
            [name] = self.random.choices(list(EVENTS), EVENTS.values())
            getattr(self, name)()
            self.settle()
        for _ in range(40):
            self.now += timedelta(seconds=5000)
            for _ in range(8):
                self.dispatch()
                self.claim()
                self.settle()
        return self.world[0].state

    def settle(self):
        for _ in range(8):
            due = settle(*self.world, now=self.now, limits=LIMITS, draw=self.random.random())
            if due.is_empty:
                return
            self.world = apply(*self.world, due, now=self.now)
        raise AssertionError("never settled")

    def pick(self, *states):
        found = [task for task in self.world[2] if task.state in states]
        return self.random.choice(found) if found else None

    def put(self, task, **changes):
        job, steps, tasks = self.world
        self.world = job, steps, [replace(task, **changes) if item is task else item for item in tasks]

    def put_step(self, step, state):
        job, steps, tasks = self.world
        self.world = job, [replace(step, state=state) if item is step else item for item in steps], tasks

    def dispatch(self):
        for step in [step for step in self.world[1] if step.state is State.READY]:
            for task in [task for task in self.world[2] if task.step_id == step.id]:
                self.put(task, state=State.DISPATCHED, seq=task.seq + 1)
            self.put_step(step, State.DISPATCHED)

    def claim(self):
        if task := self.pick(State.DISPATCHED):
            self.put(task, state=State.RUNNING, started=self.now, lease_until=self.now + timedelta(seconds=60))
            step = next(step for step in self.world[1] if step.id == task.step_id)
            self.put_step(step, State.RUNNING)
            self.world = replace(self.world[0], state=State.RUNNING), *self.world[1:]

    def report(self):
        if task := self.pick(State.RUNNING, State.LOST_CONTACT):
            state = self.random.choice(
                [State.SUCCESS] * 8 + [State.FAILED, State.FAILED, State.TIMEOUT, State.CANCELED]
            )
            kind = self.random.choice(["lost", "interrupted", "error"])
            self.put(
                task,
                state=state,
                ended=self.now,
                failure=Failure(kind=kind, message="x") if state is State.FAILED else None,
            )

    def beat(self):
        if task := self.pick(State.RUNNING, State.LOST_CONTACT):
            self.put(task, state=State.RUNNING, lease_until=self.now + timedelta(seconds=60))

    def time(self):
        self.now += timedelta(seconds=self.random.choice([1, 5, 40, 100]))

    def stop(self):
        job = self.world[0]
        if job.state in OPEN and job.stop_kind is None:
            self.world = replace(job, stop_kind=State.CANCELED, stop_reason="by me"), *self.world[1:]


def test_seeded_lives_all_end_and_every_end_is_reached():
    ends = Counter()
    for seed in range(700):
        try:
            ends[Life(seed).live(40)] += 1
        except AssertionError as failure:
            failure.add_note(f"seed {seed}")
            raise
    assert set(ends) == TERMINAL, ends
