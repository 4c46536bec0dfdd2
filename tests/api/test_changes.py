import asyncio

import pytest
from redis.asyncio import Redis

from api.changes import ChangeFeed, wait_for_change
from scheduler.queues.names import CHANGES
from scheduler.queues.notices import render_notice


async def test_a_watcher_is_woken_by_its_job_only():
    feed = ChangeFeed()
    with feed.watch("a") as changed:
        feed.tell(["b"])
        assert not await wait_for_change(changed, 0.01)
        feed.tell(["a"])
        assert await wait_for_change(changed, 1)
        assert not changed.is_set()
        feed.tell_all()
        assert changed.is_set()
    assert feed.is_idle


async def test_leaving_keeps_the_other_watchers():
    feed = ChangeFeed()
    with feed.watch("a") as stays:
        with feed.watch("a"):
            pass
        feed.tell(["a"])
        assert stays.is_set()


@pytest.fixture
async def broker(broker_url):
    made = Redis.from_url(broker_url)
    yield made
    await made.aclose()


@pytest.fixture
async def stopped():
    """What was sent to the channels."""
    return []


@pytest.fixture
async def listening(broker, stopped):
    async def send_stop(*stop):
        stopped.append(stop)

    feed = ChangeFeed()
    with feed.watch("any") as changed:
        task = asyncio.create_task(feed.listen(broker, "me", send_stop=send_stop))
        assert await wait_for_change(changed, 60)  # it wakes everybody when it begins to listen
    yield feed
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_news_of_others_wakes_and_ones_own_does_not(broker, listening):
    with listening.watch("job") as changed:
        await broker.publish(CHANGES, render_notice("me", ["job"]))
        await broker.publish(CHANGES, b"{garbled")
        await broker.publish(CHANGES, b"[]")
        assert not await wait_for_change(changed, 0.05)
        await broker.publish(CHANGES, render_notice("another", ["job"]))
        assert await wait_for_change(changed, 60)


async def test_stops_of_others_go_to_the_channels(broker, listening, stopped):
    await broker.publish(CHANGES, render_notice("me", [], [("9999", "own", 1, "canceled")]))
    await broker.publish(CHANGES, render_notice("scheduler", ["job"], [("9999", "t", 2, "timeout")]))
    async with asyncio.timeout(60):
        while not stopped:
            await asyncio.sleep(0.01)
    assert stopped == [("9999", "t", 2, "timeout")]


async def test_it_connects_again(broker, listening, monkeypatch):
    monkeypatch.setattr("api.changes.RECONNECT_S", 0.02)
    with listening.watch("job") as changed:
        await broker.client_kill_filter(_type="pubsub")
        assert await wait_for_change(changed, 60)  # it may have missed something meanwhile
        await broker.publish(CHANGES, render_notice("another", ["job"]))
        assert await wait_for_change(changed, 60)
