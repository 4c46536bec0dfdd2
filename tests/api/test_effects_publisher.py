import asyncio
import threading
import time

import pytest

from api.changes import ChangeFeed
from api.effects_publisher import GATHER_S, EffectsPublisher
from scheduler.store.effects import Effects
from tests.party_channel import until


class SlowNudger:
    """Counts; the first nudge blocks until it may go on."""

    def __init__(self):
        self.nudges = 0
        self.jobs = []
        self.go = threading.Event()
        self.is_closed = False

    def nudge(self):
        self.nudges += 1
        self.go.wait(60)

    def tell_changes(self, jobs, sender):
        self.jobs.append((sorted(jobs), sender))

    def close(self):
        self.is_closed = True


@pytest.fixture
async def parts():
    nudger, feed, stops = SlowNudger(), ChangeFeed(), []

    async def send_stop(*stop):
        stops.append(stop)

    publisher = EffectsPublisher(nudger, feed, send_stop=send_stop, sender="me")
    publisher.start()
    yield publisher, nudger, feed, stops
    nudger.go.set()
    await publisher.close()
    assert nudger.is_closed


async def test_a_slow_broker_delays_nobody_and_many_commits_become_one_nudge(parts):
    publisher, nudger, _, _ = parts
    publisher.publish(Effects(has_ready_work=True))
    await until(lambda: nudger.nudges == 1)
    for number in range(50):
        publisher.publish(Effects(has_ready_work=True, changed_jobs={f"job-{number % 3}"}))
    nudger.go.set()
    await publisher.close()
    assert nudger.nudges == 2
    assert nudger.jobs == [(["job-0", "job-1", "job-2"], "me")]


async def test_a_crowd_of_commits_goes_out_together(parts):
    publisher, nudger, _, _ = parts
    nudger.go.set()
    began = time.monotonic()
    publisher.publish(Effects(has_ready_work=True))
    await until(lambda: nudger.nudges == 1)
    for _ in range(60):
        publisher.publish(Effects(has_ready_work=True))
        await asyncio.sleep(0.001)
    await publisher.close()
    assert 2 <= nudger.nudges <= (time.monotonic() - began) / GATHER_S + 2


async def test_watchers_here_are_woken_and_stops_sent_without_the_broker(parts):
    publisher, _, feed, stops = parts
    publisher.publish(Effects(has_ready_work=True))
    with feed.watch("job") as changed:
        effects = Effects(changed_jobs={"job"}, stops=[("9999", "t", 3, "canceled")])
        await asyncio.to_thread(publisher.publish, effects)
        async with asyncio.timeout(60):
            await changed.wait()
    await until(lambda: bool(stops))
    assert stops == [("9999", "t", 3, "canceled")]


async def test_nothing_caused_is_nothing_told(parts):
    publisher, nudger, _, _ = parts
    publisher.publish(Effects())
    await asyncio.sleep(0.02)
    assert (nudger.nudges, nudger.jobs) == (0, [])


async def test_work_that_gets_ready_just_after_other_news_waits_for_nothing(parts, monkeypatch):
    publisher, nudger, _, _ = parts
    monkeypatch.setattr("api.effects_publisher.GATHER_S", 100.0)
    nudger.go.set()
    publisher.publish(Effects(changed_jobs={"job-1"}))
    await until(lambda: bool(nudger.jobs))
    publisher.publish(Effects(has_ready_work=True))
    await until(lambda: nudger.nudges == 1)
    monkeypatch.setattr("api.effects_publisher.GATHER_S", 0.01)
