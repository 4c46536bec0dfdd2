"""Takes a party's knocks from its queue on its behalf, for workers that cannot reach the broker."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from scheduler.domain.frames import pack
from scheduler.queues.names import queue_name

log = structlog.get_logger()

PRIORITY_MARK: Final = "\x06\x16"
"""kombu keeps messages of priority 3, 6 and 9 in lists of their own, named queue + mark + step."""
BLOCK_S: Final = 3
"""Shorter than the broker's client waits for any answer: else each wait without a knock passes for a lost broker."""
RETRY_S: Final = 1.0
MAX_BODY_BYTES: Final = 1 << 20


class KnockError(ValueError):
    """A message in a party's queue is no knock."""


def list_keys(party: str) -> list[str]:
    """The Redis lists that hold the party's queue."""
    queue = queue_name(party)
    return [queue, *(f"{queue}{PRIORITY_MARK}{step}" for step in (3, 6, 9))]


def parse_message(message: bytes | str) -> list[list[str | int]]:
    """The tasks that a Celery message knocks for, each as on the wire of `Knock`; KnockError otherwise."""
    if len(message) > MAX_BODY_BYTES:
        raise KnockError("the message is too long")
    try:
        body = json.loads(base64.b64decode(json.loads(message)["body"], validate=True))
        tasks = body[0][0]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as wrong:
        raise KnockError("the message is not Celery's") from wrong
    if not isinstance(tasks, list) or not all(_is_knock(task) for task in tasks):
        raise KnockError("the message's argument is no list of tasks")
    return tasks


def _is_knock(task: object) -> bool:
    return (
        isinstance(task, list)
        and len(task) in {2, 3}
        and isinstance(task[0], str)
        and all(isinstance(part, int) for part in task[1:])
    )


async def forward_knocks(redis: Redis, party: str, put: Callable[[bytes], bool]) -> None:
    """Send each knock for `party` as a frame through `put`, until cancelled.

    A knock that is lost on its way is made good by the scheduler when its dispatch lease ends.
    """
    keys = list_keys(party)
    while True:
        try:
            popped = await redis.brpop(keys, timeout=BLOCK_S)
        except RedisError as wrong:
            log.warning("knocks_not_read", party=party, error=str(wrong))
            await asyncio.sleep(RETRY_S)
            continue
        if popped is None:
            continue
        try:
            tasks = parse_message(popped[1])
        except KnockError as wrong:
            log.warning("knock_refused", party=party, reason=str(wrong))
            continue
        if not put(pack({"t": "knock", "tasks": tasks})):
            log.warning("knock_lost", party=party, tasks=len(tasks))
