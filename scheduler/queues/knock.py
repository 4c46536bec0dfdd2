"""Knocks: one ordinary Celery task message per party and pass, all pushed in one round trip."""

import base64
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
import redis

from scheduler.domain.messages import KNOCK_TASK, Knock
from scheduler.queues.names import CHANGES, queue_name

MAX_KNOCKS: Final = 256


def publish_knocks(broker: redis.Redis, knocks: Mapping[str, Sequence[Knock]], *, notice: str = "") -> None:
    """Push the knocks of a pass, and tell the gateways its `notice`; a redis.RedisError leaves both to the leases.

    The message is what kombu's Redis transport itself would push (protocol 2, JSON, base64), so any
    Celery worker takes it; building it here saves a publish per task.
    """
    pipeline = broker.pipeline(transaction=False)
    for party, items in knocks.items():
        for start in range(0, len(items), MAX_KNOCKS):
            pipeline.lpush(queue_name(party), make_message(party, items[start : start + MAX_KNOCKS]))
    if notice:
        pipeline.publish(CHANGES, notice)
    pipeline.execute()


def make_message(party: str, knocks: Sequence[Knock]) -> bytes:
    """A Celery task message for the worker of `party`, as it lies in the broker's list."""
    pairs = [knock.to_wire() for knock in knocks]
    identity = str(uuid.uuid4())
    body = orjson.dumps([[pairs], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    return orjson.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": _headers(identity, pairs),
            "properties": {
                "correlation_id": identity,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue_name(party)},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
            },
        }
    )


def _headers(identity: str, pairs: list[list[str | int]]) -> dict[str, Any]:
    shown = ", ".join(str(pair[0]) for pair in pairs[:3]) + (", ..." if len(pairs) > 3 else "")
    return {
        "lang": "py",
        "task": KNOCK_TASK,
        "id": identity,
        "root_id": identity,
        "parent_id": None,
        "group": None,
        "ignore_result": True,
        "argsrepr": f"({shown})",
        "kwargsrepr": "{}",
        "origin": "fedrota",
        "retries": 0,
        "timelimit": [None, None],
    }
