"""Between gateway processes: which of them holds a party's channel, and frames forwarded to it over Redis."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.endings import end_tasks
from scheduler.domain.frames import FrameError, pack, unpack

log = structlog.get_logger()

PRESENCE_S: Final = 15
REFRESH_S: Final = 5.0
CACHE_S: Final = 1.0
CACHE_ENTRIES: Final = 10_000
QUEUE_BYTES: Final = 32 << 20
PARTY_BYTES: Final = QUEUE_BYTES // 2
"""What one party may have waiting here: the way to the other gateways is everybody's."""
RETRY_S: Final = 1.0
SUBSCRIBE_S: Final = 30.0
"""A gateway may start beside its broker, or while that starts again."""
REDIS_S: Final = 2.0
"""A frozen Redis must not freeze the channels of parties that are connected here."""
_TROUBLE: Final = (RedisError, TimeoutError)
_RELEASE: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"

OnEnvelope = Callable[[dict[str, Any], memoryview], None]
OnLost = Callable[[], None]
OnReplaced = Callable[[str, str], None]
"""Told party and serial of a connection here that a newer one elsewhere replaces."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    gateway: str
    message: bytes
    on_lost: OnLost | None
    sender: str


class GatewayBusError(Exception):
    """The broker cannot be listened to; the text says what to look at."""


def presence_key(party: str) -> str:
    """The key that names the gateway which holds the channel of `party`."""
    return f"fedrota:channel:{party}"


def gateway_channel(gateway: str) -> str:
    """The pub/sub channel that `gateway` listens on."""
    return f"fedrota:gateway:{gateway}"


class GatewayBus:
    """This gateway's part: says which parties it holds, finds the others', sends and takes envelopes.

    An envelope is a frame whose header says what to do (`t`) for which `party`, and whose payload is the
    frame to forward. `redis` must give bytes. What cannot be sent is dropped: the ends repeat it.
    """

    def __init__(self, redis: Redis, gateway: str, *, on_envelope: OnEnvelope) -> None:
        self.gateway = gateway
        self._redis = redis
        self._on_envelope = on_envelope
        self._held: dict[str, str] = {}
        self._places: dict[str, tuple[float, str | None]] = {}
        self._outgoing: deque[_Outgoing] = deque()
        self._waiting_bytes = 0
        self._by_party: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, *, on_replaced: OnReplaced) -> None:
        """Begin to listen, send and refresh; `on_replaced` is told of parties that another gateway holds now.

        GatewayBusError where the broker cannot be listened to.
        """
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._publish()),
            asyncio.create_task(self._refresh(on_replaced)),
        ]
        try:
            async with asyncio.timeout(SUBSCRIBE_S):
                await self._subscribed.wait()
        except TimeoutError:
            await end_tasks(self._tasks)
            raise GatewayBusError(
                f"the broker does not answer for {SUBSCRIBE_S:g} s: look at FEDROTA_BROKER_URL, and whether it runs"
            ) from None

    async def stop(self) -> None:
        """End the tasks and give up what is held."""
        await end_tasks(self._tasks)
        for party, serial in list(self._held.items()):
            await self.release(party, serial)

    async def hold(self, party: str, serial: str) -> None:
        """This gateway has the channel of `party` now, as connection `serial`; a former holder closes its own."""
        self._held[party] = serial
        place = self._render_place(serial)
        try:
            async with asyncio.timeout(REDIS_S):
                former = _read_place(await self._redis.set(presence_key(party), place, ex=PRESENCE_S, get=True))
        except _TROUBLE as wrong:
            log.warning("presence_not_written", party=party, error=_describe(wrong))
            return
        if former and former[0] != self.gateway:
            self.send(former[0], {"t": "replaced", "party": party, "serial": former[1]})

    async def release(self, party: str, serial: str) -> None:
        """Connection `serial` of `party` has ended."""
        if self._held.get(party) == serial:
            del self._held[party]
        try:
            async with asyncio.timeout(REDIS_S):
                await self._redis.eval(_RELEASE, 1, presence_key(party), self._render_place(serial))
        except _TROUBLE as wrong:
            log.warning("presence_not_removed", party=party, error=_describe(wrong))

    async def find_gateway(self, party: str) -> str | None:
        """The other gateway that holds the channel of `party`; asked at most once per second and party."""
        now = time.monotonic()
        known = self._places.get(party)
        if known is not None and known[0] > now:
            return known[1]
        try:
            async with asyncio.timeout(REDIS_S):
                found = _read_place(await self._redis.get(presence_key(party)))
        except _TROUBLE as wrong:
            log.warning("presence_not_read", party=party, error=_describe(wrong))
            found = None
        place = found[0] if found and found[0] != self.gateway else None
        if len(self._places) >= CACHE_ENTRIES:
            self._places.clear()
        self._places[party] = (now + CACHE_S, place)
        return place

    def send(
        self,
        gateway: str,
        envelope: dict[str, Any],
        frame: bytes = b"",
        on_lost: OnLost | None = None,
        *,
        sender: str = "",
    ) -> bool:
        """Queue an envelope; False where too much is waiting, at all or of the party `sender`.

        `on_lost`: nobody listens there any more.
        """
        message = pack(envelope | {"from": self.gateway}, frame)
        size = len(message)
        ours = self._by_party.get(sender, 0) + size if sender else 0
        if self._waiting_bytes + size > QUEUE_BYTES or ours > PARTY_BYTES:
            return False
        self._waiting_bytes += size
        if sender:
            self._by_party[sender] = ours
        self._outgoing.append(_Outgoing(gateway, message, on_lost, sender))
        self._wake.set()
        return True

    async def _publish(self) -> None:
        while True:
            while self._outgoing:
                item = self._outgoing.popleft()
                self._count_off(item)
                if not await self._publish_one(item.gateway, item.message):
                    self._forget(item.gateway)
                    if item.on_lost is not None:
                        item.on_lost()
            self._wake.clear()
            await self._wake.wait()

    def _count_off(self, item: _Outgoing) -> None:
        self._waiting_bytes -= len(item.message)
        left = self._by_party.pop(item.sender, 0) - len(item.message)
        if left > 0:
            self._by_party[item.sender] = left

    async def _publish_one(self, gateway: str, message: bytes) -> bool:
        try:
            async with asyncio.timeout(REDIS_S):
                return bool(await self._redis.publish(gateway_channel(gateway), message))
        except _TROUBLE as wrong:
            log.warning("forwarding_failed", gateway=gateway, error=_describe(wrong))
            return False

    def _forget(self, gateway: str) -> None:
        """That gateway is gone; ask again for the places of its parties."""
        self._places = {party: place for party, place in self._places.items() if place[1] != gateway}

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(gateway_channel(self.gateway))
                    async for message in pubsub.listen():
                        self._take(message)
            except RedisError as wrong:
                log.warning("forwarding_interrupted", error=_describe(wrong))
            await asyncio.sleep(RETRY_S)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._subscribed.set()
        elif message["type"] == "message":
            try:
                envelope, frame = unpack(message["data"])
            except FrameError as wrong:
                log.warning("envelope_refused", reason=str(wrong))
                return
            self._on_envelope(envelope, frame)

    async def _refresh(self, on_replaced: OnReplaced) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                async with asyncio.timeout(REDIS_S):
                    await self._refresh_once(on_replaced)
            except _TROUBLE as wrong:
                log.warning("presence_not_refreshed", error=_describe(wrong))

    async def _refresh_once(self, on_replaced: OnReplaced) -> None:
        held = dict(self._held)
        if not held:
            return
        places = await self._redis.mget([presence_key(party) for party in held])
        async with self._redis.pipeline(transaction=False) as pipe:
            for (party, serial), value in zip(held.items(), places, strict=True):
                place = _read_place(value)
                if place is None or place[0] == self.gateway:
                    pipe.set(presence_key(party), self._render_place(serial), ex=PRESENCE_S)
                else:
                    on_replaced(party, serial)
            await pipe.execute()

    def _render_place(self, serial: str) -> str:
        return f"{self.gateway}/{serial}"


def _describe(trouble: Exception) -> str:
    """What is wrong; a timeout says nothing by itself."""
    return str(trouble) or f"the broker does not answer within {REDIS_S:g} s"


def _read_place(value: object) -> tuple[str, str] | None:
    """Gateway and connection that a presence key names."""
    if not isinstance(value, bytes):
        return None
    gateway, _, serial = value.decode(errors="replace").partition("/")
    return gateway, serial
