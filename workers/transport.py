"""Kombu's Redis transport with a gate: of a party's queue only well-formed knocks reach Celery.

Celery's worker ends on ten kinds of malformed messages and meets some of them again after a restart.
Here such a message is dropped with a line in the log before Celery sees it; the centre knocks again.
"""

from typing import Any, Final

import structlog
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis import Redis

from scheduler.queues.names import find_party
from workers.knocks import KnockError, clean_message

log = structlog.get_logger(__name__)

TRANSPORT: Final = "workers.transport:KnockTransport"


class KnockRedis(Redis):
    """The client of one channel."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """The broker's answer; of a BRPOP on a party's queue only a knock, else nothing."""
        reply = super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
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


class KnockChannel(kombu_redis.Channel):
    """A channel whose client has the gate; it gives no message back, for which a sealed worker has no right."""

    do_restore = False

    def _get_client(self) -> type[Redis]:
        super()._get_client()  # type: ignore[misc]  # unknown to its stubs; checks the version of redis-py
        return KnockRedis


class KnockTransport(kombu_redis.Transport):
    """The transport that a party's worker uses."""

    Channel = KnockChannel

    def _deliver(self, message: Any, queue: str | None) -> None:
        """Pass a message on; one that comes when the worker has ended its consumer is dropped: the centre knocks again.

        Kombu would try to give it back, say that it cannot, and leave a dump of it in the folder for temporary files.
        """
        if queue in (self._callbacks or ()):
            super()._deliver(message, queue)


def guard() -> None:
    """Have every Redis or Valkey connection of this process use the gate, however its URL is written."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = TRANSPORT


def _to_text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
