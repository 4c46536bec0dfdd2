"""A worker's first word: who it is, what it offers."""

from typing import Final

from aiohttp import web

from api.agent.channel import get_party
from api.agent.messages import parse_hello, render
from api.bodies import read_bytes
from api.bridge import utc_now
from api.keys import CATALOGUE, PATIENCE, SETTINGS, WRITER
from api.routing import JSON, admit
from scheduler.domain.messages import HELLO_PATH
from scheduler.service.agents import greet_worker

MAX_HELLO_BYTES: Final = 1 << 20


def routes(app: web.Application) -> None:
    """Serve the hello."""
    app.router.add_post(HELLO_PATH, greet)


async def greet(request: web.Request) -> web.Response:
    """Note what the party's worker offers; the party is its token's."""
    await admit(request, "worker")
    party = get_party(request)
    hello = parse_hello(await read_bytes(request, MAX_HELLO_BYTES))
    patience, run_id = request.app[PATIENCE], request.app[SETTINGS].run_id
    welcome = await request.app[WRITER].write(
        lambda tx: greet_worker(tx, party, hello, now=utc_now(), patience=patience, run_id=run_id)
    )
    request.app[CATALOGUE].drop()
    return web.Response(body=render(welcome), content_type=JSON)
