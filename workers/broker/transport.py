"""Kombu's Redis transport with a gate: of a party's queue only well-formed knocks reach Celery.

Celery's worker ends on ten kinds of malformed messages and meets some of them again after a restart.
Here such a message is dropped with a line in the log before Celery sees it; the centre knocks again.
"""

from typing import Any, Final

import structlog
from kombu.asynchronous import get_event_loop
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis import Redis

from scheduler.queues.names import find_party
from workers.broker.knock_messages import clean_message
from workers.knocks import KnockError

log = structlog.get_logger(__name__)

TRANSPORT: Final = "workers.broker.transport:KnockTransport"
CANNOT_CLAIM: Final = 3
"""So many failed calls in a row are more than a hiccup."""


class Intake:
    """Whether this process takes knocks from its party's queue; to be used from any thread.

    A worker that cannot claim leaves them there: another host of the party may, and each knock that lies with one that
    cannot is given to another only after the dispatch lease.
    """

    def __init__(self) -> None:
        self.is_open = True

    def close(self) -> None:
        """Take no more; one message that was asked for before may still come."""
        self.is_open = False

    def judge(self, failures: int) -> None:
        """So many calls to the gateway in a row have failed; 0: it answers as it should."""
        if failures >= CANNOT_CLAIM:
            self.close()
        elif failures == 0 and not self.is_open:
            self.is_open = True
            loop = get_event_loop()
            if loop is not None:
                loop.call_soon(lambda: None)  # it sleeps until its next timer, and asks for messages when it wakes


INTAKE: Final = Intake()


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

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Ask for a message, as Kombu does in each turn of its loop; while the intake is closed do not."""
        if INTAKE.is_open:
            super()._brpop_start(timeout)  # type: ignore[misc]  # unknown to its stubs

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
