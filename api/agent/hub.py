"""The party channels of this gateway and the way to those of the others: calls, stops, knocks, exchange frames."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis.asyncio import Redis

from api.agent.calls import PendingCall, split_body
from api.agent.connection import Connection
from api.agent.gateway_bus import GatewayBus
from api.agent.relay import Delivery, FindGroup, Groups, Relay, make_gone
from api.endings import end_tasks
from scheduler.domain.errors import UnreachableError
from scheduler.domain.frames import CLOSE_REPLACED, CLOSE_TOO_SLOW, GONE_BUSY, FrameError, pack, read_text, unpack
from scheduler.domain.messages import Knock

log = structlog.get_logger()

CALL_TIMEOUT_S: Final = 10.0
STREAM_IDLE_S: Final = 60.0
UPLOAD_REPLY_S: Final = 600.0
"""After the last byte the party may still have to read a table of many gigabytes."""

PLACE_CHECK_S: Final = 5.0
MAX_MISSES: Final = 2
"""One may be a hiccup of Redis."""

CALL_KINDS: Final = frozenset({"head", "chunk", "credit", "reply"})
_REPLACED: Final = "another worker of this party has connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The answer of `party` to a streamed call: its result came first, `chunks` is the body."""

    party: str
    result: Mapping[str, Any]
    chunks: AsyncIterator[bytes]


class ChannelHub:
    """The channels of all parties, as the rest of the gateway uses them.

    `redis` (which must give bytes) is needed only where several gateways share the parties.
    """

    def __init__(self, find_group: FindGroup, *, redis: Redis | None = None, gateway: str | None = None) -> None:
        self.gateway = gateway or secrets.token_hex(8)
        self._connections: dict[str, Connection] = {}
        self._calls: dict[str, PendingCall] = {}
        self._numbers = itertools.count(1)
        self._relay = Relay(Groups(find_group), self._deliver_exchange)
        self._bus = GatewayBus(redis, self.gateway, on_envelope=self._on_envelope) if redis is not None else None
        self._closing: set[asyncio.Task[None]] = set()
        self._watching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to hear from the other gateways."""
        if self._bus is not None:
            await self._bus.start(on_replaced=self._on_replaced)
            self._watching = [asyncio.create_task(self._watch(self._bus))]

    async def close(self) -> None:
        """End every channel of this gateway; the workers connect again elsewhere or later."""
        for connection in list(self._connections.values()):
            await connection.close(1001, "the gateway stops")
        await end_tasks(self._watching)
        if self._bus is not None:
            await self._bus.stop()

    # Used by the rest of the gateway

    async def is_connected(self, party: str) -> bool:
        """Whether the party's worker has a channel to any gateway."""
        return party in self._connections or (self._bus is not None and await self._bus.find_gateway(party) is not None)

    async def call(
        self, party: str, op: str, args: Mapping[str, Any], *, timeout_s: float = CALL_TIMEOUT_S
    ) -> Mapping[str, Any]:
        """The party's answer to `op`; UnreachableError where it is not connected or silent for `timeout_s`."""
        async with self._begin(party, op, args) as pending:
            return await pending.wait_for_reply(timeout_s)

    @asynccontextmanager
    async def call_stream(
        self, party: str, op: str, args: Mapping[str, Any], *, timeout_s: float = CALL_TIMEOUT_S
    ) -> AsyncGenerator[Stream, None]:
        """Call `op` whose answer has a body; leaving the block early makes the party stop sending."""
        async with self._begin(party, op, args) as pending:
            while pending.head is None and not pending.is_over:
                await pending.wait(timeout_s)
            result = pending.head if pending.head is not None else pending.get_result()
            yield Stream(party=party, result=result, chunks=self._read_chunks(pending))

    async def call_upload(
        self, party: str, op: str, args: Mapping[str, Any], body: AsyncIterator[bytes]
    ) -> Mapping[str, Any]:
        """Call `op` with `body`; ends early where the party refuses, without reading the rest."""
        async with self._begin(party, op, args) as pending:
            number = 0
            async for chunk in split_body(body):
                if not await self._send_chunk(pending, number, chunk):
                    return pending.get_result()
                number += 1
            await self._send(pending, {"t": "chunk", "id": pending.id, "n": number, "last": True})
            return await pending.wait_for_reply(UPLOAD_REPLY_S)

    async def stop(self, party: str, task: str, seq: int, kind: str) -> None:
        """Ask the party to end a task now; lost where it is not connected (its next heartbeat tells it)."""
        await self._deliver(party, pack({"t": "stop", "task": task, "seq": seq, "kind": kind}))

    async def knock(self, party: str, tasks: Sequence[Knock]) -> bool:
        """Knock at the party over its channel; False where it is not connected."""
        frame = pack({"t": "knock", "tasks": [knock.to_wire() for knock in tasks]})
        return await self._deliver(party, frame) is Delivery.DONE

    # Used by the handler of a channel

    async def attach(self, connection: Connection) -> None:
        """A worker has connected; a former connection of the party is closed."""
        former = self._connections.get(connection.party)
        if former is not None:
            self._drop(former.party, former, CLOSE_REPLACED, _REPLACED)
        if connection.is_over:
            return
        self._connections[connection.party] = connection
        connection.on_over = lambda: self._forget(connection)
        if self._bus is not None:
            await self._bus.hold(connection.party, connection.serial)

    async def detach(self, connection: Connection) -> None:
        """A channel has ended: whoever waits for its answers is told."""
        connection.end()
        if self._bus is not None and connection.party not in self._connections:  # else a newer one is here
            await self._bus.release(connection.party, connection.serial)

    def _forget(self, connection: Connection) -> None:
        """The connection takes and brings nothing any more: no call may wait for it."""
        party = connection.party
        if self._connections.get(party) is connection:
            del self._connections[party]
            self._fail_calls(party)
        if self._bus is not None:
            for caller in connection.callers:
                self._bus.send(caller, {"t": "lost", "party": party})

    async def on_frame(self, connection: Connection, message: bytes) -> None:
        """A message from a worker; FrameError where it is none that a worker may send."""
        header, payload = unpack(message)
        if header["t"] == "xfer":
            gone = await self._relay.forward(connection.party, header, message)
            if gone is not None and not connection.put(gone):
                raise FrameError("answers are not taken")
        elif header["t"] in CALL_KINDS:
            self._on_answer(connection.party, header, payload, message)
        else:
            raise FrameError(f"a worker sends no frame of kind {header['t'][:20]!r}")

    # Calls

    @asynccontextmanager
    async def _begin(self, party: str, op: str, args: Mapping[str, Any]) -> AsyncGenerator[PendingCall, None]:
        pending = PendingCall(id=f"{self.gateway}.{next(self._numbers)}", party=party, op=op)
        self._calls[pending.id] = pending
        try:
            if self._bus is not None and party not in self._connections:
                pending.place = await self._bus.find_gateway(party)
            await self._send(pending, {"t": "call", "id": pending.id, "op": op, "args": dict(args)})
            yield pending
        finally:
            del self._calls[pending.id]
            if not pending.is_over:
                await self._deliver(party, pack({"t": "cancel", "id": pending.id}))

    async def _send(self, pending: PendingCall, header: dict[str, Any], payload: bytes = b"") -> None:
        party = pending.party
        delivery = await self._deliver(party, pack(header, payload), on_lost=lambda: self._fail_calls(party))
        if delivery is Delivery.OFFLINE:
            raise self._make_unreachable(party)
        if delivery is Delivery.BUSY:
            raise UnreachableError(party, f"too much is waiting to be sent to party {party}; try again in a moment")

    async def _send_chunk(self, pending: PendingCall, number: int, chunk: bytes) -> bool:
        """Send a piece once the party has room for it; False where the call has ended meanwhile."""
        while pending.credit < len(chunk) and not pending.is_over:
            await pending.wait(STREAM_IDLE_S)
        if pending.is_over:
            return False
        pending.credit -= len(chunk)
        await self._send(pending, {"t": "chunk", "id": pending.id, "n": number, "last": False}, chunk)
        return True

    async def _read_chunks(self, pending: PendingCall) -> AsyncGenerator[bytes, None]:
        while True:
            chunk = pending.find_chunk()
            if chunk is not None:
                await self._deliver(pending.party, pack({"t": "credit", "id": pending.id, "n": len(chunk)}))
                yield chunk
            elif pending.is_over:
                pending.get_result()
                return
            else:
                await pending.wait(STREAM_IDLE_S)

    def _on_answer(self, party: str, header: dict[str, Any], payload: memoryview, message: bytes) -> None:
        """Hand an answer to its call, or to the gateway whose call it is."""
        identity = read_text(header, "id")
        owner = identity.partition(".")[0]
        if owner == self.gateway:
            pending = self._calls.get(identity)
            if pending is not None and pending.party == party:
                pending.on_frame(header, payload)
        elif self._bus is not None and self._is_caller(party, owner):
            self._bus.send(owner, {"t": "up", "party": party}, message, sender=party)

    def _is_caller(self, party: str, gateway: str) -> bool:
        connection = self._connections.get(party)
        return connection is not None and gateway in connection.callers

    def _fail_calls(self, party: str) -> None:
        for pending in list(self._calls.values()):
            if pending.party == party:
                pending.fail(self._make_lost(party))

    async def _watch(self, bus: GatewayBus) -> None:
        """Fail the calls to channels of a gateway that has gone: one that was killed tells nobody."""
        while True:
            await asyncio.sleep(PLACE_CHECK_S)
            for pending in list(self._calls.values()):
                if pending.place is not None:
                    is_there = await bus.find_gateway(pending.party) == pending.place
                    pending.misses = 0 if is_there else pending.misses + 1
                    if pending.misses >= MAX_MISSES:
                        pending.fail(self._make_lost(pending.party))

    @staticmethod
    def _make_lost(party: str) -> UnreachableError:
        return UnreachableError(party, f"party {party} lost its connection while it answered")

    @staticmethod
    def _make_unreachable(party: str) -> UnreachableError:
        return UnreachableError(
            party, f"party {party} is not connected: its worker is stopped, or cannot reach the gateway"
        )

    # Delivery

    async def _deliver(
        self,
        party: str,
        frame: bytes,
        *,
        source: str = "",
        envelope: dict[str, Any] | None = None,
        on_lost: Any = None,
    ) -> Delivery:
        connection = self._connections.get(party)
        if connection is not None:
            return self._put(connection, frame, source)
        gateway = await self._bus.find_gateway(party) if self._bus is not None else None
        if self._bus is None or gateway is None:
            return Delivery.OFFLINE
        given = envelope or {}
        sender = str(given.get("source_party", ""))
        sent = self._bus.send(gateway, {"t": "down", "party": party} | given, frame, on_lost, sender=sender)
        return Delivery.DONE if sent else Delivery.BUSY

    async def _deliver_exchange(self, party: str, frame: bytes, source: str, source_party: str) -> Delivery:
        return await self._deliver(
            party, frame, source=source, envelope={"source": source, "source_party": source_party}
        )

    def _put(self, connection: Connection, frame: bytes, source: str) -> Delivery:
        if connection.put(frame, source):
            return Delivery.DONE
        if not source:
            # What the gateway itself says must arrive or be known as lost.
            self._drop(connection.party, connection, CLOSE_TOO_SLOW, "what was sent to this party was not taken")
        return Delivery.BUSY

    def _drop(self, party: str, connection: Connection, code: int, reason: str) -> None:
        log.warning("channel_closed", party=party, reason=reason)
        connection.end()
        task = asyncio.create_task(connection.close(code, reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # From other gateways

    def _on_envelope(self, envelope: dict[str, Any], frame: memoryview) -> None:
        try:
            party, sender = read_text(envelope, "party"), read_text(envelope, "from")
            if envelope["t"] == "down":
                self._on_down(party, sender, envelope, bytes(frame))
            elif envelope["t"] == "up":
                header, payload = unpack(bytes(frame))
                self._on_answer(party, header, payload, b"")
            elif envelope["t"] == "lost":
                self._fail_calls(party)
            elif envelope["t"] == "replaced":
                self._on_replaced(party, read_text(envelope, "serial"))
        except FrameError as wrong:
            log.warning("envelope_refused", reason=str(wrong))

    def _on_down(self, party: str, sender: str, envelope: dict[str, Any], frame: bytes) -> None:
        connection = self._connections.get(party)
        source = str(envelope.get("source", ""))
        if connection is None:
            if not source and self._bus is not None:
                self._bus.send(sender, {"t": "lost", "party": party})
            return
        if not source:
            connection.callers.add(sender)
        if self._put(connection, frame, source) is Delivery.BUSY and source and self._bus is not None:
            self._send_busy(sender, envelope, frame)

    def _send_busy(self, sender: str, envelope: dict[str, Any], frame: bytes) -> None:
        """Tell the party whose frame was dropped here, through its own gateway."""
        header, _ = unpack(frame)
        gone = make_gone(
            read_text(header, "src"), read_text(header, "dst"), GONE_BUSY, "too much is waiting for the peer"
        )
        if self._bus is not None:
            down = {"t": "down", "party": read_text(envelope, "source_party"), "source": "gone"}
            self._bus.send(sender, down, gone)

    def _on_replaced(self, party: str, serial: str) -> None:
        connection = self._connections.get(party)
        if connection is not None and connection.serial == serial:
            self._drop(party, connection, CLOSE_REPLACED, _REPLACED)
