"""The gateway's app, made from settings: nothing is global, everything is opened and closed with it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache, partial
from typing import Final

import redis
import structlog
from aiohttp import web
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.agent import attachments as agent_attachments
from api.agent import hello, sync
from api.agent.channel import CHANNEL_HUB, make_channel_handler
from api.agent.hub import ChannelHub
from api.auth import Gate
from api.bridge import Reader, Threads, Writer, utc_now
from api.catalogue import CatalogueCache
from api.changes import ChangeFeed
from api.dialects.fate.routes.serve import add_routes as serve_fate
from api.dialects.fate.v2.routes.serve import add_routes as serve_fate_v2
from api.dialects.flare.listener.server import run_listener
from api.dialects.flare.routes.door import add_routes as serve_flare
from api.dialects.iflearner.routes import add_routes as serve_iflearner
from api.discards import discard_for_ever
from api.effects_publisher import EffectsPublisher
from api.endings import end_tasks
from api.keys import (
    BROKER,
    BROKER_FLIGHT,
    BROKER_THREADS,
    CATALOGUE,
    CHANNEL,
    COUNTS,
    DRAIN,
    ENDED_SESSIONS,
    FEED,
    GATE,
    METRICS,
    NONCES,
    OPENAPI,
    PATIENCE,
    READER,
    SEAL,
    SETTINGS,
    STARTED,
    STORE,
    WRITER,
    Drain,
)
from api.middleware import frame, sign
from api.monitor import routes as monitor
from api.monitor.counts import JobCounts
from api.monitor.metrics import Metrics
from api.native import (
    archives,
    attachments,
    clients,
    components,
    events,
    jobs,
    models,
    parties,
    poison,
    queues,
    steps,
    system,
    tables,
    tasks,
    tokens,
    tracking,
)
from api.nonces import Nonces
from api.openapi import make_openapi
from api.routing import Endpoints, admit
from api.single_flight import SingleFlight
from api.streams import STREAMS, Streams
from config.settings import Settings
from scheduler.domain.errors import FedrotaError
from scheduler.domain.messages import CHANNEL_PATH
from scheduler.queues.nudge import Nudger
from scheduler.service.limits import patience_from
from scheduler.service.seal import Seal
from scheduler.service.tokens import note_use
from scheduler.store.failures import STORE_FAILURES
from scheduler.store.queries.parties import find_group
from scheduler.store.session import make_store

log: Final = structlog.get_logger()

MAX_BODY_BYTES: Final = 16 << 20
"""What any handler may read into memory; each has its own, lower limit."""
USES_S: Final = 30.0
BROKER_CALLS: Final = 2
_NOT_NOW: Final[tuple[type[Exception], ...]] = (FedrotaError, *STORE_FAILURES)

NATIVE: Final[tuple[Endpoints, ...]] = (
    jobs.endpoint,
    poison.endpoint,
    steps.endpoint,
    events.endpoint,
    tracking.endpoint,
    tasks.endpoint,
    parties.endpoint,
    queues.endpoint,
    tables.endpoint,
    models.endpoint,
    archives.endpoint,
    components.endpoint,
    tokens.endpoint,
    clients.endpoint,
    attachments.endpoint,
    system.endpoint,
    system.pages,
    monitor.endpoint,
)
DIALECTS: Final[Sequence[Callable[[web.Application], None]]] = (serve_fate, serve_fate_v2, serve_flare, serve_iflearner)
"""Each adds a dialect's routes to the app."""


def make_app(settings: Settings) -> web.Application:
    """The app; store, broker and threads are opened when it starts."""
    app = web.Application(middlewares=[frame], client_max_size=MAX_BODY_BYTES)
    app[SETTINGS] = settings
    app[PATIENCE] = patience_from(settings)
    app[SEAL] = Seal(settings.state_dir, settings.secret_key.get_secret_value())
    app[METRICS] = Metrics()
    app[FEED] = ChangeFeed()
    app[STARTED] = utc_now()
    app[DRAIN] = Drain()
    described = [endpoint for group in NATIVE for endpoint in group.all]
    draw: Callable[[], bytes] = cache(partial(make_openapi, described, version=system.find_version()))
    app[OPENAPI] = draw
    app.cleanup_ctx.extend([_open_store, _open_channels, _open_writer, run_listener])
    app.on_response_prepare.append(sign)
    app.on_shutdown.append(_begin_drain)
    for group in NATIVE:
        group.mount(app)
    hello.routes(app)
    sync.routes(app)
    agent_attachments.routes(app)
    app.router.add_get(CHANNEL_PATH, _serve_channel)
    app.router.add_get("/", system.lead_to_docs)
    for add_routes in DIALECTS:
        add_routes(app)
    return app


async def _begin_drain(app: web.Application) -> None:
    """Say so at /readyz, and end the streams that would go on for ever."""
    app[DRAIN].has_begun = True
    app[FEED].tell_all()
    await app[CHANNEL_HUB].close()


async def _open_store(app: web.Application) -> AsyncIterator[None]:
    """The store with its readers, and what is kept of it in memory."""
    store = make_store(app[SETTINGS].sql_url())
    app[STORE] = store
    app[READER] = reader = Reader(store)
    app[STREAMS] = Streams(reader)
    app[GATE] = Gate(reader)
    app[CATALOGUE] = CatalogueCache(reader)
    app[COUNTS] = JobCounts(reader)
    yield
    reader.close()
    store.close()


async def _open_channels(app: web.Application) -> AsyncIterator[None]:
    """The parties' channels and what other processes say, both over the broker."""
    url = app[SETTINGS].broker_url.get_secret_value()
    shared = Redis.from_url(url, socket_connect_timeout=2)
    app[BROKER] = broker = _connect(url, timeout_s=1.0)
    app[BROKER_THREADS] = asking = Threads("broker", threads=BROKER_CALLS)
    app[BROKER_FLIGHT] = SingleFlight()
    app[NONCES] = Nonces(shared)
    app[ENDED_SESSIONS] = Nonces(shared, prefix="ended")
    app[CHANNEL_HUB] = hub = ChannelHub(
        lambda task: app[READER].read(lambda tx: find_group(tx, task)), redis=shared, gateway=secrets.token_hex(8)
    )
    app[CHANNEL] = make_channel_handler(redis=shared, admit=admit)
    await hub.start()
    listening = asyncio.create_task(app[FEED].listen(shared, hub.gateway, send_stop=hub.stop))
    yield
    await end_tasks([listening])
    await shared.aclose()
    asking.close()
    broker.close()


async def _open_writer(app: web.Application) -> AsyncIterator[None]:
    """The writer, and the publisher that passes on what its commits cause."""
    settings = app[SETTINGS]
    hub = app[CHANNEL_HUB]
    url = settings.broker_url.get_secret_value()
    nudger = Nudger(
        broker=_connect(url, timeout_s=2.0),
        postgres_dsn=settings.postgres_dsn(),
    )
    publisher = EffectsPublisher(nudger, app[FEED], send_stop=hub.stop, sender=hub.gateway)
    app[WRITER] = writer = Writer(
        app[STORE],
        patience=app[PATIENCE],
        open_jobs_per_user=settings.open_jobs_per_user,
        on_commit=publisher.publish,
        on_batch=app[METRICS].count_batch,
    )
    publisher.start()
    writer.start()
    chores = [asyncio.create_task(_note_uses(app)), asyncio.create_task(discard_for_ever(app))]
    yield
    await end_tasks(chores)
    await _note_used(app)
    await writer.close()
    await publisher.close()


def _connect(url: str, *, timeout_s: float) -> redis.Redis:
    """A client that connects when it is used, and gives up soon: one try again, for a connection that went stale."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1),
    )


async def _note_uses(app: web.Application) -> None:
    while True:
        await asyncio.sleep(USES_S)
        await _note_used(app)


async def _note_used(app: web.Application) -> None:
    """Remember which tokens were used, now and then instead of in every request."""
    used = app[GATE].take_used()
    if not used:
        return
    try:
        await app[WRITER].write(lambda tx: note_use(tx, used, now=utc_now()))
    except _NOT_NOW as failure:
        log.warning("token_uses_not_noted", count=len(used), error=str(failure))


async def _serve_channel(request: web.Request) -> web.StreamResponse:
    await admit(request, "worker")
    serve = request.app[CHANNEL]
    return await serve(request)
