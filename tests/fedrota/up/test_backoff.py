"""Pauses between restarts and the end of patience."""

from fedrota.up.backoff import LIMIT, LIMIT_BEFORE_READY, WINDOW_S, Crashes


def test_each_pause_is_twice_the_one_before():
    crashes = Crashes()
    assert [crashes.note(now, was_ready=True) for now in (0.0, 1.0, 2.0)] == [0.5, 1.0, 2.0]


def test_too_many_deaths_in_a_minute_are_a_crash_loop():
    crashes = Crashes()
    pauses = [crashes.note(float(now), was_ready=True) for now in range(LIMIT)]
    assert None not in pauses[:-1]
    assert pauses[-1] is None


def test_what_never_became_ready_is_given_up_sooner():
    crashes = Crashes()
    pauses = [crashes.note(float(now), was_ready=False) for now in range(LIMIT_BEFORE_READY)]
    assert pauses.index(None) == LIMIT_BEFORE_READY - 1


def test_old_deaths_are_forgotten():
    crashes = Crashes()
    for round_of_deaths in range(20):
        assert crashes.note(round_of_deaths * (WINDOW_S + 1), was_ready=True) == 0.5


def test_an_orderly_end_is_no_death():
    crashes = Crashes()
    for now in range(3 * LIMIT):
        assert crashes.note(float(now), was_ready=True, is_orderly=True) == 0.5
    assert crashes.note(100.0, was_ready=True) == 0.5
