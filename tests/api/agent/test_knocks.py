import asyncio
import base64
import json

import pytest
from redis.asyncio import Redis

from api.agent.knocks import BLOCK_S, KnockError, parse_message
from scheduler.domain.messages import KNOCK_TASK, Knock
from scheduler.queues.app import make_celery
from scheduler.queues.names import queue_name
from tests.party_channel import Gateway, Worker, until


def wrap(body):
    return json.dumps({"body": base64.b64encode(json.dumps(body).encode()).decode()}).encode()


def test_the_tasks_of_a_celery_message():
    assert parse_message(wrap([[[["t1", 3], ["t2", 1, 1]]], {}, {}])) == [["t1", 3], ["t2", 1, 1]]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"7",
        b"[]",
        b"\xff",
        b'{"body": "%%%"}',
        b'{"body": 7}',
        wrap([]),
        wrap([[]]),
        wrap([["t1"], {}, {}]),
        wrap([[[["t1"]]], {}, {}]),
        wrap([[[[1, 2]]], {}, {}]),
        b"[" * 100_000,
        b" " * (2 << 20),
    ],
    ids=range(13),
)
def test_anything_else_is_refused(message):
    with pytest.raises(KnockError):
        parse_message(message)


async def test_a_worker_without_broker_is_knocked_over_its_channel(broker_url, tmp_path):
    redis = Redis.from_url(broker_url)
    gateway = await Gateway(group={}, redis=redis).start()
    worker = await Worker("9999", gateway.url, tmp_path / "9999", takes_knocks=True).start()
    app = make_celery("test", broker_url=broker_url, queue=queue_name("9999"), profile="centre")
    await redis.lpush(queue_name("9999"), b"not a message")
    for priority in (None, 9):
        await asyncio.to_thread(
            app.send_task, KNOCK_TASK, args=[[["t1", 3], ["t2", 1, 1]]], queue=queue_name("9999"), priority=priority
        )
    await until(lambda: len(worker.knocks) == 4)
    assert worker.knocks[:2] == [Knock("t1", 3), Knock("t2", 1, held=True)]
    await worker.stop()
    await gateway.stop()
    await redis.aclose()


async def test_a_worker_that_does_not_ask_keeps_its_queue(broker_url, tmp_path):
    redis = Redis.from_url(broker_url)
    gateway = await Gateway(group={}, redis=redis).start()
    worker = await Worker("9999", gateway.url, tmp_path / "9999").start()
    await redis.lpush(queue_name("9999"), wrap([[[["t1", 3]]], {}, {}]))
    await asyncio.sleep(0.2)
    assert await redis.llen(queue_name("9999")) == 1
    assert not worker.knocks
    await worker.stop()
    await gateway.stop()
    await redis.aclose()


async def test_a_wait_without_a_knock_is_over_before_the_client_takes_the_broker_for_lost(broker_url):
    redis = Redis.from_url(broker_url)
    patience_s = redis.connection_pool.make_connection().socket_timeout
    assert patience_s is None or patience_s > BLOCK_S
    await redis.aclose()
