"""Knocks are what Celery itself would publish, and a real Celery worker takes them."""

import base64
import json
import threading

import pytest
import redis
from celery.contrib.testing.worker import start_worker
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.domain.messages import KNOCK_TASK, Knock
from scheduler.queues.app import make_celery
from scheduler.queues.inspect import read_lengths
from scheduler.queues.knock import MAX_KNOCKS, make_message, publish_knocks
from scheduler.queues.names import CHANGES, queue_name
from tests.scheduler.centre import eventually

KNOCKS = [Knock("t1", 1), Knock("t2", 3, held=True)]


def parts(message):
    outer = json.loads(message)
    return outer, json.loads(base64.b64decode(outer["body"]))


@pytest.fixture
def broker(broker_url):
    with redis.Redis.from_url(broker_url) as client:
        yield client


@pytest.mark.parametrize("profile", ["open", "sealed"])
def test_a_knock_has_the_fields_of_a_message_from_celery(broker, broker_url, profile):
    app = make_celery("party", broker_url=broker_url, queue=queue_name("a"), profile=profile)
    app.send_task(KNOCK_TASK, args=[[knock.to_wire() for knock in KNOCKS]], queue=queue_name("a"), ignore_result=True)
    theirs, their_body = parts(broker.rpop(queue_name("a")))
    ours, our_body = parts(make_message("a", KNOCKS))
    assert (
        our_body
        == their_body
        == [[[["t1", 1], ["t2", 3, 1]]], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    )
    assert ours["content-type"] == theirs["content-type"]
    assert ours["content-encoding"] == theirs["content-encoding"]
    assert ours.keys() == theirs.keys()
    known = {
        "lang",
        "task",
        "id",
        "root_id",
        "parent_id",
        "group",
        "ignore_result",
        "retries",
        "timelimit",
        "kwargsrepr",
    }
    assert known <= ours["headers"].keys() <= theirs["headers"].keys()
    for name in known - {"id", "root_id"}:
        assert ours["headers"][name] == theirs["headers"][name], name
    needed = {"correlation_id", "delivery_mode", "delivery_info", "priority", "body_encoding", "delivery_tag"}
    assert ours["properties"].keys() == needed <= theirs["properties"].keys()
    for name in ("delivery_mode", "priority", "body_encoding"):
        assert ours["properties"][name] == theirs["properties"][name]
    assert ours["properties"]["delivery_info"]["routing_key"] == theirs["properties"]["delivery_info"]["routing_key"]
    assert ours["properties"]["correlation_id"] == ours["headers"]["id"] == ours["headers"]["root_id"]


def test_every_message_has_an_id_of_its_own():
    ids = {json.loads(make_message("a", KNOCKS))["headers"]["id"] for _ in range(50)}
    assert len(ids) == 50


def test_a_real_celery_worker_takes_the_knocks(broker, broker_url):
    app = make_celery("party", broker_url=broker_url, queue=queue_name("a"), profile="sealed")
    taken, over = [], threading.Event()

    def knock(pairs):
        taken.extend(pairs)
        if len(taken) > MAX_KNOCKS:
            over.set()

    app.task(name=KNOCK_TASK)(knock)
    knocks = [Knock(f"t{n}", n) for n in range(MAX_KNOCKS + 5)]
    publish_knocks(broker, {"a": knocks, "b": KNOCKS})
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=60, loglevel="ERROR"):
        assert over.wait(60)
    assert taken == [[f"t{n}", n] for n in range(MAX_KNOCKS + 5)]
    assert read_lengths(broker, ["a", "b"]) == {"a": 0, "b": 1}


def test_a_pass_is_one_message_per_party_split_where_it_is_long(broker):
    publish_knocks(broker, {"a": [Knock(f"t{n}", 1) for n in range(2 * MAX_KNOCKS + 1)], "b": KNOCKS, "c": []})
    assert read_lengths(broker, ["a", "b", "c", "d"]) == {"a": 3, "b": 1, "c": 0, "d": 0}
    sizes = [len(parts(broker.rpop(queue_name("a")))[1][0][0]) for _ in range(3)]
    assert sizes == [MAX_KNOCKS, MAX_KNOCKS, 1]


def test_a_notice_goes_with_the_knocks_or_alone(broker):
    with broker.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(CHANGES)
        eventually(lambda: broker.pubsub_numsub(CHANGES)[0][1])
        publish_knocks(broker, {"a": KNOCKS}, notice="first")
        publish_knocks(broker, {}, notice="second")
        heard = [eventually(lambda: channel.get_message(timeout=0.1))["data"] for _ in range(2)]
    assert heard == [b"first", b"second"]
    assert read_lengths(broker, ["a"]) == {"a": 1}


def test_a_broker_that_is_away_is_told(free_port):
    nobody = redis.Redis(port=free_port(), socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))
    with pytest.raises(redis.RedisError):
        publish_knocks(nobody, {"a": KNOCKS})
    with pytest.raises(redis.RedisError):
        read_lengths(nobody, ["a"])
