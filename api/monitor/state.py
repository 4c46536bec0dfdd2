"""Parties and their queues as they stand: the store's view beside the broker's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import redis
import structlog
from aiohttp import web

from api.bridge import utc_now
from api.keys import BROKER, BROKER_THREADS, READER, SETTINGS
from api.monitor.pulse import PulseState
from scheduler.domain.model import Party
from scheduler.queues.inspect import read_lengths
from scheduler.queues.names import queue_name
from scheduler.store.queries.parties import Load, list_parties, read_loads, read_offers
from scheduler.store.tx import Tx

log: Final = structlog.get_logger()

IDLE: Final = Load()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyState:
    """A party, how busy it is, what it offers, and whether its worker was heard of lately."""

    party: Party
    load: Load
    components: tuple[str, ...]
    is_online: bool

    @property
    def reason(self) -> str:
        """Why it takes no work, or none at once; empty where nothing is in the way."""
        party = self.party
        if party.last_seen is None:
            return "its worker has never connected: start it with this party's token"
        if not self.is_online:
            return f"offline: its worker was last heard of at {party.last_seen:%Y-%m-%d %H:%M:%S}Z"
        if party.drained:
            return "drained: it gets no new work until it is resumed"
        if self.load.in_use >= party.slots:
            return f"busy: {self.load.in_use} of {party.slots} slots are in use"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """A party's queue; `knocks` is None where the broker cannot be asked."""

    state: PartyState
    queue: str
    knocks: int | None
    oldest_s: float | None
    pulse: PulseState

    @property
    def reason(self) -> str:
        """Why its tasks do not move, or not at once; empty where nothing is in the way."""
        return self.pulse.reason or self.state.reason


def read_states(tx: Tx, *, now: datetime, offline_s: float) -> list[PartyState]:
    """Every registered party, by id."""
    loads = read_loads(tx)
    offers = read_offers(tx)
    return [
        PartyState(
            party=party,
            load=loads.get(party.id, IDLE),
            components=tuple(sorted(offers.get(party.id, ()))),
            is_online=party.is_online(now, offline_s),
        )
        for party in list_parties(tx)
    ]


async def find_states(app: web.Application) -> list[PartyState]:
    """Every registered party as it stands now."""
    offline_s = app[SETTINGS].offline_s
    return await app[READER].read(lambda tx: read_states(tx, now=utc_now(), offline_s=offline_s))


async def find_queues(app: web.Application, pulse: PulseState) -> list[QueueState]:
    """The queue of every registered party, offline ones too."""
    states = await find_states(app)
    lengths = await app[BROKER_THREADS].call(lambda: find_lengths(app[BROKER], [state.party.id for state in states]))
    now = utc_now()
    return [
        QueueState(
            state=state,
            queue=queue_name(state.party.id),
            knocks=lengths.get(state.party.id),
            pulse=pulse,
            oldest_s=None if state.load.oldest is None else max(0.0, (now - state.load.oldest).total_seconds()),
        )
        for state in states
    ]


def find_lengths(broker: redis.Redis, parties: list[str]) -> Mapping[str, int]:
    """The lengths of the parties' queues; empty where the broker does not answer."""
    if not parties:
        return {}
    try:
        return read_lengths(broker, parties)
    except redis.RedisError as failure:
        log.warning("broker_not_asked", error=str(failure))
        return {}
