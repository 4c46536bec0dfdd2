from datetime import UTC, datetime, timedelta

from api.dialects.fate.requests.filters import JOB_STATUSES
from api.dialects.fate.vocabulary.states import (
    RUNNING,
    WAITING,
    list_states,
    name_status,
    render_date,
    render_elapsed,
    render_time,
)
from scheduler.domain.states import TERMINAL, State

AT = datetime(2026, 11, 21, 12, 0, 0, 123_000, tzinfo=UTC)


def test_every_state_has_a_word_that_clients_know_and_may_ask_for_and_ready_is_never_one():
    words = {state: name_status(state) for state in State}
    assert set(words.values()) <= set(JOB_STATUSES)
    assert "ready" not in words.values()
    assert {state for state, word in words.items() if word not in {WAITING, RUNNING}} == TERMINAL


def test_a_word_stands_for_all_its_states():
    assert set(list_states(["waiting"])) == {State.WAITING, State.READY, State.DISPATCHED}
    assert list_states(["success", "failed"]) == [State.SUCCESS, State.FAILED]


def test_times_are_milliseconds_and_dates_local():
    assert render_time(AT) == 1_795_262_400_123
    assert render_date(AT) == AT.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert render_elapsed(AT, AT + timedelta(seconds=1.5)) == 1500
    assert (render_time(None), render_date(None), render_elapsed(AT, None)) == (None, None, None)
