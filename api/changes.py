"""Which jobs have changed, and what must stop: news of this process and of the others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from scheduler.queues.names import CHANGES
from scheduler.queues.notices import NoticeError, parse_notice

log: Final = structlog.get_logger()

RECONNECT_S: Final = 1.0
SendStop = Callable[[str, str, int, str], Awaitable[None]]
"""send_stop(party, task, seq, kind)."""


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

    async def listen(self, broker: Redis, own: str, *, send_stop: SendStop) -> None:
        """Hear from the other processes, until cancelled; `own` is what this one signs with."""
        while True:
            try:
                await self._listen_once(broker, own, send_stop)
            except (RedisError, OSError) as failure:
                log.warning("change_feed_reconnects", error=str(failure))
                await asyncio.sleep(RECONNECT_S)

    async def _listen_once(self, broker: Redis, own: str, send_stop: SendStop) -> None:
        """Until the connection ends."""
        async with broker.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(CHANGES)
            while True:
                message = await channel.get_message(timeout=None)
                if message is None:
                    self.tell_all()  # it listens from now on: what was said before, nobody here has heard
                else:
                    await self._on_message(message["data"], own, send_stop)

    async def _on_message(self, raw: bytes, own: str, send_stop: SendStop) -> None:
        try:
            notice = parse_notice(raw)
        except NoticeError as wrong:
            log.warning("notice_garbled", error=str(wrong))
            return
        if notice.sender != own:
            self.tell(notice.jobs)
            for stop in notice.stops:
                await send_stop(*stop)


async def wait_for_change(changed: asyncio.Event, timeout_s: float) -> bool:
    """Whether a change came within `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            await changed.wait()
    except TimeoutError:
        return False
    changed.clear()
    return True
