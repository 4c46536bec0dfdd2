import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.monitor.pulse import PulseState, find_pulse
from scheduler.queues.pulse import Beat


@pytest.mark.parametrize(
    ("state", "is_alive", "word"),
    [
        (PulseState(Beat(2.0, 10.0)), True, "ok"),
        (PulseState(Beat(10.0, 10.0)), True, "ok"),
        (PulseState(Beat(41.2, 10.0)), False, "no scheduler has made a pass for 41 s"),
        (PulseState(None), False, "no scheduler has run yet"),
        (PulseState(None, is_known=False), None, "not known: the broker is not reachable"),
    ],
)
def test_what_is_said_of_the_scheduler(state, is_alive, word):
    assert state.is_alive is is_alive
    assert state.word.startswith(word)
    assert bool(state.reason) == (is_alive is False)


def test_a_broker_that_does_not_answer_is_no_dead_scheduler(free_port):
    gone = redis.Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    assert find_pulse(gone) == PulseState(None, is_known=False)
