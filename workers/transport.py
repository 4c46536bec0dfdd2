"""Kombu's Redis transport with a gate: of a party's queue only well-formed knocks reach Celery.

Celery's worker ends on ten kinds of malformed messages and meets some of them again after a restart.
Here such a message is dropped with a line in the log before Celery sees it; the centre knocks again.
"""

from typing import Any, Final

import structlog
from celery import Celery
from kombu.transport import redis as kombu_redis
from redis import Redis

from scheduler.queues.names import find_party
from workers.knocks import KnockError, clean_message

log = structlog.get_logger(__name__)

SCHEMES: Final = {
    "redis": "workers.transport:KnockTransport",
    "rediss": "workers.transport:KnockTransport",
}


class KnockRedis(Redis):
    """The client of one channel."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """The broker's answer; of a BRPOP on a party's queue only a knock, else nothing."""
        reply = super().parse_response(connection, command_name, **options)
        if command_name != "BRPOP" or not reply:
            return reply
        queue, raw = reply
        if find_party(_to_text(queue)) is None:
            return reply
        try:
            return queue, clean_message(raw if isinstance(raw, bytes) else str(raw).encode())
        except KnockError as wrong:
            log.warning("message_dropped", queue=_to_text(queue), reason=str(wrong), size=len(raw))
            return None


class KnockChannel(kombu_redis.Channel):  # type: ignore[misc]  # kombu has no types
    """A channel whose client has the gate."""

    def _get_client(self) -> type[Redis]:
        super()._get_client()
        return KnockRedis


class KnockTransport(kombu_redis.Transport):  # type: ignore[misc]
    """The transport that a party's worker uses."""

    Channel = KnockChannel


def guard(app: Celery) -> None:
    """Have `app` use the gate where its broker is Redis or Valkey."""
    scheme = str(app.conf.broker_url or "").partition("://")[0]
    if scheme in SCHEMES:
        app.conf.broker_transport = SCHEMES[scheme]


def _to_text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
