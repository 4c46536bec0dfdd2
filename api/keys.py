"""What the app holds, by typed keys; nothing is global."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import redis
from aiohttp import web

from api.auth import Gate
from api.bridge import Reader, Threads, Writer
from api.catalogue import CatalogueCache
from api.changes import ChangeFeed
from api.monitor.counts import JobCounts
from api.monitor.metrics import Metrics
from api.nonces import Nonces
from api.single_flight import SingleFlight
from config.settings import Settings
from scheduler.domain.access import Principal
from scheduler.service.limits import Patience
from scheduler.service.seal import Seal
from scheduler.store.session import Store


class Drain:
    """Whether the gateway is on its way out."""

    def __init__(self) -> None:
        self.has_begun = False


SETTINGS: Final = web.AppKey("settings", Settings)
PATIENCE: Final = web.AppKey("patience", Patience)
READER: Final = web.AppKey("reader", Reader)
WRITER: Final = web.AppKey("writer", Writer)
GATE: Final = web.AppKey("gate", Gate)
CATALOGUE: Final = web.AppKey("catalogue", CatalogueCache)
FEED: Final = web.AppKey("feed", ChangeFeed)
BROKER: Final = web.AppKey("broker", redis.Redis)
BROKER_THREADS: Final = web.AppKey("broker_threads", Threads)
"""Where the broker is asked: one that hangs holds up no read of the store."""
BROKER_FLIGHT: Final = web.AppKey("broker_flight", SingleFlight)
SEAL: Final = web.AppKey("seal", Seal)
NONCES: Final = web.AppKey("nonces", Nonces)
ENDED_SESSIONS: Final = web.AppKey("ended_sessions", Nonces)
COUNTS: Final = web.AppKey("counts", JobCounts)
METRICS: Final = web.AppKey("metrics", Metrics)
STORE: Final = web.AppKey("store", Store)
CHANNEL: Final[web.AppKey[Callable[[web.Request], Awaitable[web.StreamResponse]]]] = web.AppKey("channel")
OPENAPI: Final[web.AppKey[Callable[[], bytes]]] = web.AppKey("openapi")
"""Draws the document when it is first asked for."""
DRAIN: Final = web.AppKey("drain", Drain)
STARTED: Final = web.AppKey("started", datetime)

PRINCIPAL: Final = web.RequestKey("principal", Principal)
REQUEST_ID: Final = web.RequestKey("request_id", str)
DEFECT: Final[web.RequestKey[Callable[[int, str], web.Response]]] = web.RequestKey("defect")
"""How the interface that is called words what went wrong here: HTTP status and message; without it, the native way."""
HAS_BEGUN: Final = web.RequestKey("has_begun", bool)
"""Whether the head of the answer is out."""
