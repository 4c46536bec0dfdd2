"""Events: in order, in the transaction of their move, with the states of the one table."""

from scheduler.domain.states import Event, Level, State, sources
from scheduler.store.hot.journal import Entry, append_events, from_state, in_state, to_state
from tests.scheduler.centre import step


def test_events_keep_their_order_and_wake_the_watchers(centre):
    job = centre.submit(step("s"))
    entries = [Entry(Level.JOB, Event.STOP_REQUESTED, State.CANCELED, job, reason=str(n)) for n in range(20)]
    centre.write(lambda tx: append_events(tx, entries, centre.now))
    assert centre.effects.changed_jobs == {job}
    found = centre.events(job)[1:]
    assert [event.reason for event in found] == [str(n) for n in range(20)]
    assert [event.id for event in found] == sorted(event.id for event in found)
    assert {event.at for event in found} == {centre.now}


def test_nothing_to_write_is_nothing_written(centre):
    centre.write(lambda tx: append_events(tx, [], centre.now))
    assert centre.rows("SELECT * FROM event") == []


def test_statements_take_their_states_from_the_table():
    assert to_state(Level.TASK, Event.CLAIMED) == "state = 'running'"
    assert from_state(Level.TASK, Event.CLAIMED) == "state || '' IN ('dispatched')"
    both = from_state(Level.STEP, Event.SUCCEEDED, Event.RERUN)
    wanted = {*sources(Level.STEP, Event.SUCCEEDED), *sources(Level.STEP, Event.RERUN)}
    assert all(f"'{state}'" in both for state in wanted)
    assert in_state(State.READY, State.WAITING, of="step") == "step.state || '' IN ('ready', 'waiting')"
