"""A gateway that only has party channels, party workers that only have exchange, and a cable to cut between them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from redis.asyncio import Redis

from api.agent.channel import CHANNEL_HUB, make_channel_handler
from api.agent.hub import ChannelHub
from api.keys import PRINCIPAL
from fedrota.up.ports import find_free_port
from scheduler.domain.access import Principal
from scheduler.domain.messages import CHANNEL_PATH, Assignment, Knock, Peer
from workers.calls.serving import Op
from workers.channel import Channel, Orders, make_url
from workers.exchange.hub import Exchange
from workers.exchange.identity import Identity, Pins, load_identity
from workers.exchange.liveness import Patience
from workers.exchange.port import Letter

FAST = Patience(cycle_s=0.4, linger_s=20.0)


@dataclass
class Gateway:
    """The channel's part of a gateway; a worker's token is simply its party's id."""

    group: dict[str, str]
    redis: Redis | None = None
    name: str | None = None
    port: int = 0
    admit: Any = None
    hub: ChannelHub = field(init=False)
    runner: web.AppRunner = field(init=False)

    async def start(self) -> "Gateway":
        async def find_group(task: str) -> Mapping[str, str]:
            return dict(self.group) if task in self.group else {}

        self.hub = ChannelHub(find_group, redis=self.redis, gateway=self.name)
        app = web.Application(middlewares=[_take_token_for_party])
        app[CHANNEL_HUB] = self.hub
        app.router.add_get(CHANNEL_PATH, make_channel_handler(redis=self.redis, admit=self.admit))
        self.runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port or find_free_port())
        await site.start()
        self.port = self.runner.addresses[0][1]
        await self.hub.start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        await self.hub.close()
        await self.runner.cleanup()


@web.middleware
async def _take_token_for_party(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    token = request.headers.get("Authorization", "").partition(" ")[2]
    if not token:
        return web.Response(status=401)
    request[PRINCIPAL] = Principal(name=token, kind="worker", party=token)
    return await handler(request)


@dataclass
class Worker:
    """Channel and exchange of one party, on the test's own loop."""

    party: str
    url: str
    folder: Path
    patience: Patience = FAST
    ops: Mapping[str, Op] = field(default_factory=dict)
    takes_knocks: bool = False
    knocks: list[Knock] = field(default_factory=list)
    stops: list[tuple[str, int, str]] = field(default_factory=list)
    identity: Identity = field(init=False)
    channel: Channel = field(init=False)
    exchange: Exchange = field(init=False)
    task: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        self.identity = load_identity(self.folder)

    async def start(self) -> "Worker":
        orders = Orders(knock=self.knocks.extend, stop=lambda *stop: self.stops.append(stop))
        url = make_url(self.url, takes_knocks=self.takes_knocks)
        self.channel = Channel(url, self.party, orders=orders, ops=self.ops)
        self.exchange = Exchange(
            self.channel,
            asyncio.get_running_loop(),
            identity=self.identity,
            pins=Pins(self.folder),
            folder=self.folder / "incoming",
            patience=self.patience,
        )
        self.channel.feed(self.exchange)
        self.task = asyncio.create_task(self.channel.run())
        await until(lambda: self.channel.is_connected)
        return self

    async def stop(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    async def send(self, task: str, peer: str, name: str, payload: bytes, *, number: int = 0) -> str:
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.exchange.send(task, 1, Letter(peer, name, number), payload, on_done=lambda why: _settle(done, why))
        return await done

    async def recv(
        self, task: str, peer: str, name: str, *, number: int = 0, timeout_s: float | None = None
    ) -> tuple[bytes, str]:
        done: asyncio.Future[tuple[bytes, str]] = asyncio.get_running_loop().create_future()
        self.exchange.recv(
            task,
            1,
            Letter(peer, name, number),
            timeout_s=timeout_s,
            on_message=lambda payload, why: _settle(done, (bytes(payload), why)),
        )
        return await done


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def open_attempt(workers: Mapping[str, Worker], group: dict[str, str], *, skip: tuple[str, ...] = ()) -> None:
    """Start the step at every worker; `workers` maps task to worker and becomes the relay's group."""
    group.update({task: worker.party for task, worker in workers.items()})
    for task, worker in workers.items():
        if task not in skip:
            worker.exchange.open(make_assignment(task, workers))


def make_assignment(task: str, workers: Mapping[str, Worker], *, seq: int = 1) -> Assignment:
    """What the worker of `task` is assigned."""
    peers = tuple(
        Peer(task=other, role=other, party=worker.party, position=0, identity=worker.identity.public)
        for other, worker in workers.items()
        if other != task
    )
    return Assignment(
        task=task,
        seq=seq,
        job="j",
        job_name="",
        step="s",
        attempt=1,
        role=task,
        party=workers[task].party,
        position=0,
        run={},
        params={},
        inputs={},
        peers=peers,
        timeout_s=None,
    )


async def until(is_true: Callable[[], bool], *, timeout_s: float = 60.0) -> None:
    """Wait for a condition; TimeoutError where it does not come true."""
    async with asyncio.timeout(timeout_s):
        while not is_true():
            await asyncio.sleep(0.005)


class Cable:
    """A TCP proxy to `port` that can be cut, unplugged and listened to."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.record: bytearray | None = None
        self.is_unplugged = False
        self.bytes_carried = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Cable"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """Break every connection at once, in the middle of whatever it carries."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_unplugged:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pipe(reader, far_writer), self._pipe(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(1 << 16):
                self.bytes_carried += len(piece)
                if self.record is not None:
                    self.record += piece
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()
