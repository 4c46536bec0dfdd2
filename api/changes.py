"""Which jobs have changed: wakes those who watch them, here and at the other gateways."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from scheduler.queues.names import CHANGES

log: Final = structlog.get_logger()

RECONNECT_S: Final = 1.0


class ChangeFeed:
    """The watchers of jobs at this gateway; used in the event loop only, but for `is_idle`."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Event]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nobody watches anything."""
        return not self._watchers

    @contextmanager
    def watch(self, job: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job may have changed; the watcher clears it."""
        changed = asyncio.Event()
        watchers = self._watchers.setdefault(job, set())
        watchers.add(changed)
        try:
            yield changed
        finally:
            watchers.discard(changed)
            if not watchers and self._watchers.get(job) is watchers:
                del self._watchers[job]

    def tell(self, jobs: Iterable[str]) -> None:
        """Wake the watchers of these jobs."""
        for job in jobs:
            for changed in self._watchers.get(job, ()):
                changed.set()

    def tell_all(self) -> None:
        """Wake everybody, e.g. because the gateway stops."""
        self.tell(list(self._watchers))

    async def listen(self, broker: Redis, own: str) -> None:
        """Hear of changes from the other processes, until cancelled; `own` is what this one signs with."""
        while True:
            try:
                async with broker.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANGES)
                    while True:
                        message = await channel.get_message(timeout=None)
                        if message is not None:
                            self._on_message(message["data"], own)
            except (RedisError, OSError) as failure:
                log.warning("change_feed_reconnects", error=str(failure))
                await asyncio.sleep(RECONNECT_S)

    def _on_message(self, raw: bytes, own: str) -> None:
        try:
            sender, *jobs = orjson.loads(raw)
        except (ValueError, TypeError):
            log.warning("change_notice_garbled", size=len(raw))
            return
        if sender != own:
            self.tell(jobs)


async def wait_for_change(changed: asyncio.Event, timeout_s: float) -> bool:
    """Whether a change came within `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            await changed.wait()
    except TimeoutError:
        return False
    changed.clear()
    return True
