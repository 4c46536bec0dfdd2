"""`python -m api`: the gateway as a process."""

import argparse
import asyncio
import resource
import signal
import ssl
import sys
from typing import Final

import structlog
from aiohttp import web

from api.agent.gateway_bus import GatewayBusError
from api.app import make_app
from api.dialects.flare.listener.server import ListenError
from api.keys import DRAIN
from api.monitor.routes import describe_bind
from api.wire_logs import make_wire_logger
from config.garbage import spare_the_old
from config.logs import configure_logs
from config.settings import Settings, SettingsError, load
from scheduler.store.failures import STORE_FAILURES
from scheduler.store.schema import SchemaError, check_schema
from scheduler.store.session import make_store

log: Final = structlog.get_logger()

SWITCH_S: Final = 0.0005
"""Event loop, writer and readers take turns: with Python's 5 ms a request waits that long for the loop's next turn."""
MOST_FILES: Final = 1 << 15
"""Each connection is a file, and many systems let a process open 1024 unless it asks for more."""
DRAIN_S: Final = 20.0
KEEPALIVE_S: Final = 75.0


class StartError(Exception):
    """The gateway cannot start; the text says what to change."""


def main(arguments: list[str] | None = None) -> int:
    """Runs until SIGTERM; exit status 1 with a sentence where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m api", description="The fedrota gateway.")
    parser.add_argument("--host", help="address to bind (default: FEDROTA_HOST, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to bind, 0 for any free one (default: FEDROTA_PORT, else 9380)")
    parser.add_argument("--reuse-port", action="store_true", default=None, help="share the port with other gateways")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    sys.setswitchinterval(SWITCH_S)
    raise_file_limit()
    try:
        settings = load(Settings, **given)
        configure_logs(process="gateway", level=settings.log_level, json_lines=settings.log_format == "json")
        check(settings)
        asyncio.run(serve(settings))
    except (SettingsError, StartError, SchemaError, ListenError, GatewayBusError) as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201  a sentence, not a log line
        return 1
    return 0


def raise_file_limit() -> None:
    """Let this process open as many files as the system allows it, at most MOST_FILES."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check(settings: Settings) -> None:
    """SettingsError, StartError or SchemaError where it makes no sense to begin."""
    settings.need_broker()
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = make_store(settings.sql_url(), pool_size=1)
    try:
        check_schema(store)
    except STORE_FAILURES as failure:
        raise StartError(f"the database cannot be reached ({failure}): look at FEDROTA_DATABASE_URL") from failure
    finally:
        store.close()


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way, at most DRAIN_S seconds; a second signal ends at once."""
    app = make_app(settings)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=make_wire_logger(),
        shutdown_timeout=DRAIN_S,
        keepalive_timeout=KEEPALIVE_S,
        handler_cancellation=True,
    )
    await runner.setup()
    stopped = asyncio.Event()
    try:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):  # before anybody can see that it is there
            loop.add_signal_handler(number, _on_signal, stopped)
        await _listen(runner, settings)
        spare_the_old()
        await stopped.wait()
        app[DRAIN].has_begun = True
        log.info("gateway_drains", at_most_s=DRAIN_S)
    finally:
        await runner.cleanup()
        log.info("gateway_stopped")


def _on_signal(stopped: asyncio.Event) -> None:
    if stopped.is_set():
        raise SystemExit(1)
    stopped.set()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    site = web.TCPSite(
        runner,
        settings.host,
        settings.port,
        reuse_port=settings.reuse_port or None,
        ssl_context=make_tls(settings),
        backlog=1024,
    )
    try:
        await site.start()
    except OSError as wrong:
        raise StartError(
            f"{settings.host}:{settings.port} cannot be bound ({wrong}): choose another FEDROTA_PORT"
        ) from wrong
    host, port = runner.addresses[0][:2]
    log.info(
        "gateway_listens", host=host, port=port, bind=describe_bind(settings), trust_network=settings.trust_network
    )


def make_tls(settings: Settings) -> ssl.SSLContext | None:
    """The certificate to serve with, None for plain HTTP."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as wrong:
        raise StartError(f"FEDROTA_TLS_CERT and FEDROTA_TLS_KEY cannot be used: {wrong}") from wrong
    return context


if __name__ == "__main__":
    sys.exit(main())
