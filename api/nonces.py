"""Remembers which signed requests were seen, so that none is taken twice: for all gateways over the broker."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log: Final = structlog.get_logger()

KEPT: Final = 100_000
ANSWER_S: Final = 2.0
"""A broker that hangs is as good as away: no request waits longer for it."""


class Nonces:
    """What was seen within the last minutes; while the broker is away each gateway knows only its own."""

    def __init__(
        self, redis: Redis | None, *, prefix: str = "nonce", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._prefix = f"fedrota:{prefix}:"
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    async def take(self, nonce: str, *, within_s: float) -> bool:
        """Whether nobody has taken `nonce` in the last `within_s` seconds; from now on it is taken."""
        if not self._take_here(nonce, within_s):
            return False
        if self._redis is None:
            return True
        try:
            async with asyncio.timeout(ANSWER_S):
                return bool(await self._redis.set(self._prefix + nonce, b"1", nx=True, ex=math.ceil(within_s)))
        except (RedisError, OSError) as failure:
            log.warning("nonce_kept_here_only", error=repr(failure))
            return True

    async def knows(self, nonce: str) -> bool:
        """Whether somebody has taken `nonce`, and its time is not over."""
        if self._seen.get(nonce, -math.inf) > self._clock():
            return True
        if self._redis is None:
            return False
        try:
            async with asyncio.timeout(ANSWER_S):
                return bool(await self._redis.exists(self._prefix + nonce))
        except (RedisError, OSError) as failure:
            log.warning("nonce_looked_up_here_only", error=repr(failure))
            return False

    def _take_here(self, nonce: str, within_s: float) -> bool:
        now = self._clock()
        if self._seen.get(nonce, now) > now:
            return False
        self._seen[nonce] = now + within_s
        self._seen.move_to_end(nonce)
        while self._seen and (len(self._seen) > KEPT or next(iter(self._seen.values())) <= now):
            self._seen.popitem(last=False)
        return True
