"""Names of queues: ready steps that wait for the same parties are one queue."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import orjson

from scheduler.store.columns import to_json

LONGEST: Final = 1000
"""Bytes of a name. It is a part of a key, and PostgreSQL's take no more than 2704."""


def name_queue(parties: Iterable[str]) -> str:
    """The name of the queue for these parties: their ids, or a digest of them where they are very many."""
    text = to_json(sorted(set(parties)))
    return text if len(text) <= LONGEST else to_json(sha256(text.encode()).hexdigest())


def parse_queue(name: str) -> frozenset[str]:
    """The parties that a queue is for; empty where its name does not tell: each of its steps does."""
    parties = orjson.loads(name)
    return frozenset(parties) if isinstance(parties, list) else frozenset()
