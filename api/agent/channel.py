"""The WebSocket that every party's worker keeps to the gateway: GET {CHANNEL_PATH}."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import structlog
from aiohttp import WSMsgType, web
from redis.asyncio import Redis

from api.agent.connection import Connection
from api.agent.hub import ChannelHub
from api.agent.knocks import forward_knocks
from api.endings import end_tasks
from api.keys import PRINCIPAL
from scheduler.domain.errors import FedrotaError, ForbiddenError, UnauthenticatedError
from scheduler.domain.frames import CLOSE_BAD_FRAME, CLOSE_UNWELCOME, MAX_FRAME_BYTES, FrameError
from scheduler.store.failures import STORE_FAILURES

log = structlog.get_logger()

CHANNEL_HUB: Final = web.AppKey("channel_hub", ChannelHub)
HEARTBEAT_S: Final = 10.0
TURN: Final = 32
"""After so many messages the loop turns to the other parties."""
TOKEN_CHECK_S: Final = 10.0
_NOT_NOW: Final[tuple[type[Exception], ...]] = (FedrotaError, *STORE_FAILURES)

Handler = Callable[[web.Request], Awaitable[web.WebSocketResponse]]
Admit = Callable[[web.Request, Literal["worker"]], Awaitable[object]]
"""Raises where the request's token is not, or no longer, a worker's."""


def get_party(request: web.Request) -> str:
    """The party that the caller's token is bound to; ForbiddenError for any other token.

    A worker that takes itself for another party is refused: it would push that token's own worker aside.
    """
    party = request[PRINCIPAL].party
    if not party:
        raise ForbiddenError("only a worker's token opens a party channel; this token belongs to a user")
    meant = request.query.get("party", party)
    if meant != party:
        raise ForbiddenError(
            f"the token is that of party {party}, but the worker is set up as party {meant}: "
            "change FEDROTA_PARTY, or give it a token of its own party"
        )
    return party


def make_channel_handler(*, redis: Redis | None = None, admit: Admit | None = None) -> Handler:
    """The handler of the party channel; `redis` (which must give bytes) serves workers that ask for knocks.

    `admit` is asked again now and then whether the worker's token is still good.
    """

    async def serve_channel(request: web.Request) -> web.WebSocketResponse:
        party = get_party(request)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_FRAME_BYTES, compress=False)
        await socket.prepare(request)
        connection = Connection(party, socket)
        hub = request.app[CHANNEL_HUB]
        tasks = [asyncio.create_task(connection.run_writer())]
        try:
            await hub.attach(connection)
            if redis is not None and request.query.get("knocks") == "1":
                tasks.append(asyncio.create_task(forward_knocks(redis, party, connection.put)))
            if admit is not None:
                tasks.append(asyncio.create_task(_watch_token(admit, request, connection)))
            log.info("channel_opened", party=party)
            await _read_frames(hub, connection, socket)
        finally:
            # First, and without a pause: whoever waits for the party must not wait for what ends here.
            connection.end()
            await end_tasks(tasks)
            await hub.detach(connection)
            log.info("channel_ended", party=party, code=socket.close_code)
        return socket

    return serve_channel


async def _watch_token(admit: Admit, request: web.Request, connection: Connection) -> None:
    """End the channel once its token is revoked or has expired: a channel may live for months."""
    while True:
        await asyncio.sleep(TOKEN_CHECK_S)
        try:
            await admit(request, "worker")
        except (UnauthenticatedError, ForbiddenError) as refusal:
            log.warning("channel_closed", party=connection.party, reason=refusal.message)
            await connection.close(CLOSE_UNWELCOME, refusal.message)
            return
        except _NOT_NOW as failure:  # not known now; the next time tells
            log.warning("channel_token_not_checked", party=connection.party, error=str(failure))


async def _read_frames(hub: ChannelHub, connection: Connection, socket: web.WebSocketResponse) -> None:
    turn = 0
    async for message in socket:
        if message.type is not WSMsgType.BINARY:
            await connection.close(CLOSE_BAD_FRAME, "only binary frames are understood here")
            return
        try:
            await hub.on_frame(connection, message.data)
        except FrameError as wrong:
            log.warning("channel_frame_refused", party=connection.party, reason=str(wrong))
            await connection.close(CLOSE_BAD_FRAME, str(wrong))
            return
        turn += 1
        if turn % TURN == 0:
            await asyncio.sleep(0)
