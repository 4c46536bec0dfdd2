"""What lies in the broker: the length of every party's queue."""

from collections.abc import Sequence

import redis

from scheduler.queues.names import queue_name


def read_lengths(broker: redis.Redis, parties: Sequence[str]) -> dict[str, int]:
    """Knocks that each party's worker has not taken yet, in one round trip; redis.RedisError where it cannot be told."""
    pipeline = broker.pipeline(transaction=False)
    for party in parties:
        pipeline.llen(queue_name(party))
    return dict(zip(parties, map(int, pipeline.execute()), strict=True))
