"""The agent call: claims, reports and heartbeats of a worker, answered after one commit."""

from typing import Final

from aiohttp import web

from api.agent.messages import parse_sync, render
from api.bodies import read_bytes
from api.keys import WRITER
from api.routing import JSON, admit
from scheduler.domain.messages import SYNC_PATH
from scheduler.service.agents import Call

MAX_SYNC_BYTES: Final = 16 << 20
"""A worker that was cut off for long has much to tell."""


def routes(app: web.Application) -> None:
    """Serve the agent call."""
    app.router.add_post(SYNC_PATH, sync)


async def sync(request: web.Request) -> web.Response:
    """Answer everything that has piled up at a worker; the party is its token's."""
    principal = await admit(request, "worker")
    call = Call(principal.party or "", parse_sync(await read_bytes(request, MAX_SYNC_BYTES)))
    return web.Response(body=render(await request.app[WRITER].sync(call)), content_type=JSON)
