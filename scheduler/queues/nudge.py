"""Nudges: "look, there is ready work", and "these jobs have changed". Hints only; the sweep needs none of them."""

import time
from collections.abc import Callable, Iterable
from typing import Final

import psycopg
import redis
import structlog
from psycopg.conninfo import make_conninfo

from scheduler.queues.background import Background
from scheduler.queues.names import CHANGES, NUDGES
from scheduler.queues.notices import render_notice
from scheduler.store.session import POSTGRES_LINE

log: Final = structlog.get_logger()

RECONNECT_S: Final = 1.0
LISTEN_S: Final = 1.0
ALONE_S: Final = 1.0
"""A gateway that starts beside another is told of changes after so long; until then its watchers look for themselves."""
POSTGRES_CHANNEL: Final = "fedrota_nudge"


class Nudger:
    """Sends nudges from the gateway, after a commit, never inside a request.

    On PostgreSQL they go by NOTIFY, beside SQLite by pub/sub of the broker. A failed one is logged and
    forgotten: the next sweep finds the work.
    """

    def __init__(self, *, broker: redis.Redis, postgres_dsn: str = "") -> None:
        self._broker = broker
        self._dsn = postgres_dsn
        self._postgres: psycopg.Connection[tuple[object, ...]] | None = None
        self._alone_until = 0.0

    def nudge(self) -> None:
        """Wake every scheduler."""
        try:
            if self._dsn:
                self._notify()
            else:
                self._broker.publish(NUDGES, b"")
        except (redis.RedisError, psycopg.Error) as failure:
            self._postgres = None
            log.warning("nudge_failed", error=str(failure))

    def _notify(self) -> None:
        if self._postgres is None or self._postgres.closed:
            self._postgres = connect_alone(self._dsn)
        self._postgres.execute(f"NOTIFY {POSTGRES_CHANNEL}")

    def tell_changes(self, jobs: Iterable[str], sender: str) -> None:
        """Tell the other gateways which jobs have new events; where the sender is alone, seldom, to find that out."""
        if time.monotonic() < self._alone_until:
            return
        try:
            listeners = int(self._broker.publish(CHANGES, render_notice(sender, jobs)))
            self._alone_until = time.monotonic() + ALONE_S if listeners <= 1 else 0.0
        except redis.RedisError as failure:
            log.warning("change_notice_failed", error=str(failure))

    def close(self) -> None:
        """Close the connections."""
        if self._postgres is not None:
            self._postgres.close()
        self._broker.close()


def connect_alone(dsn: str) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection to PostgreSQL beside the store's, where every statement is a transaction."""
    return psycopg.connect(make_conninfo(dsn, **POSTGRES_LINE), autocommit=True)


class NudgeListener(Background):
    """Calls `on_nudge` in a thread of its own whenever a nudge comes, until it is closed."""

    def __init__(self, on_nudge: Callable[[], None], *, broker_url: str, postgres_dsn: str = "") -> None:
        super().__init__("nudge-listener", patience_s=2 * LISTEN_S)
        self._on_nudge = on_nudge
        self._broker_url = broker_url
        self._dsn = postgres_dsn

    def _run(self) -> None:
        listen = self._listen_postgres if self._dsn else self._listen_broker
        while not self._closed.is_set():
            try:
                listen()
            except (redis.RedisError, psycopg.Error, OSError) as failure:
                log.warning("nudge_listener_reconnects", error=str(failure))
                self._closed.wait(RECONNECT_S)

    def _listen_broker(self) -> None:
        with redis.Redis.from_url(self._broker_url, socket_connect_timeout=2) as broker:
            channel = broker.pubsub(ignore_subscribe_messages=True)
            channel.subscribe(NUDGES)
            # What was published while nobody listened is lost: look once.
            self._pass_on()
            while not self._closed.is_set():
                if channel.get_message(timeout=LISTEN_S) is not None:
                    self._pass_on()

    def _listen_postgres(self) -> None:
        with connect_alone(self._dsn) as connection:
            connection.execute(f"LISTEN {POSTGRES_CHANNEL}")
            self._pass_on()
            while not self._closed.is_set():
                for _ in connection.notifies(timeout=LISTEN_S, stop_after=1):
                    self._pass_on()

    def _pass_on(self) -> None:
        """Whoever has closed us hears nothing any more, though our thread may take a moment to end."""
        if not self._closed.is_set():
            self._on_nudge()
