"""A party that answers what its gateway asks as a test says, and no worker of ours would."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from scheduler.domain.frames import pack, unpack
from scheduler.domain.messages import CHANNEL_PATH

Send = Callable[[dict[str, Any], bytes], Awaitable[None]]
"""Sends a frame of the call; its id is added."""
Answer = Callable[[Send], Awaitable[None]]


@asynccontextmanager
async def answering(
    gateway: Any, answer: Answer, *, party: str = "9999"
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """The party's channel, on which `answer` is run for each call."""
    headers = {"Authorization": f"Bearer {gateway.tokens[f'worker-{party}']}"}
    url = gateway.server.make_url(CHANNEL_PATH)
    async with gateway.session.ws_connect(url, headers=headers, max_msg_size=0) as socket:
        running = asyncio.create_task(_serve(socket, answer))
        try:
            yield socket
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _serve(socket: aiohttp.ClientWebSocketResponse, answer: Answer) -> None:
    under_way = set()
    async for message in socket:
        header, _ = unpack(message.data)
        if header["t"] == "call":

            async def send(given: dict[str, Any], payload: bytes = b"", *, call: str = header["id"]) -> None:
                await socket.send_bytes(pack({**given, "id": call}, payload))

            under_way.add(asyncio.create_task(answer(send)))


def give(head: Any, *chunks: bytes) -> Answer:
    """Answers with a head, a body and an end."""

    async def answer(send: Send) -> None:
        await send({"t": "head"}, json.dumps(head).encode())
        for number, chunk in enumerate(chunks):
            await send({"t": "chunk", "n": number, "last": False}, chunk)
        await send({"t": "reply", "ok": True}, b"{}")

    return answer


def reply(result: Any) -> Answer:
    """Answers with a result only."""

    async def answer(send: Send) -> None:
        await send({"t": "reply", "ok": True}, json.dumps(result).encode())

    return answer


def refuse(**failure: Any) -> Answer:
    """Answers that it cannot."""

    async def answer(send: Send) -> None:
        await send({"t": "reply", "ok": False, **failure}, b"")

    return answer


class EndlessHub:
    """In the place of the channels: an answer whose body never ends; `sent` counts its pieces."""

    def __init__(self, piece: bytes) -> None:
        self.sent = 0
        self._piece = piece

    @asynccontextmanager
    async def call_stream(self, party: str, _op: str, _args: Any, **_given: Any) -> AsyncIterator[Any]:
        from api.agent.hub import Stream

        yield Stream(party=party, result={}, chunks=self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        while self.sent < 1000:
            self.sent += 1
            yield self._piece
