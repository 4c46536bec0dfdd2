"""Health, readiness and metrics."""

import os
from typing import Any, Final

import redis
from aiohttp import web

from api.auth import require
from api.keys import BROKER, BROKER_FLIGHT, BROKER_THREADS, COUNTS, DRAIN, METRICS, PRINCIPAL, READER, SETTINGS
from api.monitor.exposition import Snapshot, render_metrics
from api.monitor.pulse import PulseState, ask_pulse
from api.monitor.state import find_queues
from api.native.system import find_version
from api.routing import Endpoints, render
from config.settings import LOOPBACK, Settings
from scheduler.domain.access import Action
from scheduler.domain.errors import FedrotaError
from scheduler.store.failures import STORE_FAILURES
from scheduler.store.queries.credentials import find_token

endpoint: Final = Endpoints("monitor", root="")

PROMETHEUS: Final = "text/plain"


@endpoint("GET", "/healthz", access="open", reply=dict[str, Any])
async def check_health(request: web.Request) -> dict[str, Any]:
    """Say that the gateway is alive, and how it is bound."""
    settings = request.app[SETTINGS]
    return {
        "status": "alive",
        "version": find_version(),
        "bind": describe_bind(settings),
        "host": settings.host,
        "tls": settings.tls_cert is not None,
        "trust_network": settings.trust_network,
        "legacy_open": settings.legacy_open,
    }


def describe_bind(settings: Settings) -> str:
    """Who can reach the gateway, in a word: loopback, tls, or trusted network."""
    if settings.host in LOOPBACK:
        return "loopback"
    return "tls" if settings.tls_cert is not None else "trusted network"


@endpoint("GET", "/readyz", access="open", reply=dict[str, Any], also={503: dict[str, Any]})
async def check_readiness(request: web.Request) -> web.Response:
    """Say whether store and broker can be reached; 503 where not, and while the gateway drains.

    Without a scheduler it is ready all the same, since it takes jobs; `scheduler` then says so.
    """
    store = await _try_store(request)
    broker = await request.app[BROKER_FLIGHT].run(_try_broker, lambda: _ask_broker(request.app))
    pulse = await ask_pulse(request.app) if broker == "ok" else PulseState(None, is_known=False)
    is_draining = request.app[DRAIN].has_begun
    is_ready = store == broker == "ok" and not is_draining
    found = {"ready": is_ready, "store": store, "broker": broker, "scheduler": pulse.word, "draining": is_draining}
    return render(found, status=200 if is_ready else 503)


async def _try_store(request: web.Request) -> str:
    try:
        await request.app[READER].read(lambda tx: find_token(tx, ""))
    except FedrotaError as failure:
        return f"busy: {failure}"
    except STORE_FAILURES as failure:
        return f"not reachable: {failure}"
    return "ok"


async def _ask_broker(app: web.Application) -> str:
    return await app[BROKER_THREADS].call(lambda: _try_broker(app[BROKER]))


def _try_broker(broker: redis.Redis) -> str:
    try:
        broker.ping()
    except redis.RedisError as failure:
        return f"not reachable: {failure}"
    return "ok"


@endpoint("GET", "/metrics", media=(PROMETHEUS,))
async def read_metrics(request: web.Request) -> web.Response:
    """Give the figures of parties, jobs and this gateway in the Prometheus text format."""
    require(request[PRINCIPAL], Action.MONITOR)
    pulse = await ask_pulse(request.app)
    snapshot = Snapshot(
        await find_queues(request.app, pulse),
        await request.app[COUNTS].get(),
        pulse,
        is_draining=request.app[DRAIN].has_begun,
    )
    gateway = str(os.getpid()) if request.app[SETTINGS].reuse_port else ""
    body = render_metrics(request.app[METRICS].registry, snapshot, gateway=gateway)
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
