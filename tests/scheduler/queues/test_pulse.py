"""The scheduler's sign of life: written after passes only, read by the broker's clock."""

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.queues import pulse as module
from scheduler.queues.names import PULSE
from scheduler.queues.pulse import Beat, Pulse, find_late_s, read_beat, write_beat
from tests.scheduler.centre import eventually


@pytest.fixture
def broker(own_valkey):
    with redis.Redis.from_url(own_valkey) as client:
        yield client


def test_a_beat_is_read_with_its_age(broker):
    assert read_beat(broker) is None
    write_beat(broker, late_s=10.0)
    beat = read_beat(broker)
    assert 0 <= beat.age_s < beat.late_s == 10.0
    broker.pexpire(PULSE, round((module.KEEP_S - 60) * 1000))
    assert read_beat(broker).is_late


def test_late_is_measured_in_sweeps_where_they_are_seldom():
    assert (find_late_s(1.0), find_late_s(60.0)) == (10.0, 180.0)
    assert not Beat(150.0, find_late_s(60.0)).is_late


def test_a_loop_that_makes_no_passes_has_no_pulse(broker, monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.02)
    passes, asked = [1], []

    def count_passes():
        asked.append(1)
        return passes[0]

    with Pulse(broker, count_passes, late_s=10.0):
        eventually(lambda: read_beat(broker) is not None)
        broker.delete(PULSE)
        asked.clear()
        eventually(lambda: len(asked) >= 3)
        assert read_beat(broker) is None
        passes[0] = 2
        eventually(lambda: read_beat(broker) is not None)


def test_a_broker_that_is_away_for_a_while_gets_the_beat_later(broker, free_port, monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.02)
    logged = []
    monkeypatch.setattr(module.log, "warning", lambda event, **fields: logged.append(event), raising=False)
    gone = redis.Redis(port=free_port(), socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with Pulse(gone, lambda: 1, late_s=10.0) as pulse:
        eventually(lambda: logged)
        pulse._broker = broker
        eventually(lambda: read_beat(broker) is not None)
    assert set(logged) == {"pulse_not_written"}
