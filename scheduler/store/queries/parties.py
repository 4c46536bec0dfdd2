"""Reads of parties: what they are, what they offer, what they have to do."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import orjson
from sqlmodel import select

from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Component, Party
from scheduler.store.columns import from_epoch
from scheduler.store.sql import make_sql
from scheduler.store.tables.parties import PartyRow
from scheduler.store.tx import Tx
from scheduler.store.views import make_component, view_party

_LOADS = make_sql(
    "SELECT party_id, SUM(CASE WHEN state = 'dispatched' THEN 1 ELSE 0 END), "
    "SUM(CASE WHEN state = 'dispatched' THEN 0 ELSE 1 END), "
    "SUM(CASE WHEN gang OR state <> 'dispatched' THEN slots ELSE 0 END) "
    "FROM task WHERE state IN ('dispatched', 'running', 'lost_contact') GROUP BY party_id"
)
_WAITING = make_sql(
    "SELECT task.party_id, COUNT(*), MIN(step.ready_since) FROM step JOIN task "
    "ON task.step_id = step.id AND task.attempt = step.attempt WHERE step.state = 'ready' GROUP BY task.party_id"
)
_GROUP = make_sql(
    "SELECT peer.id, peer.party_id FROM task JOIN task AS peer "
    "ON peer.step_id = task.step_id AND peer.attempt = task.attempt WHERE task.id = :task"
)

_INTRODUCED = make_sql("SELECT id FROM party WHERE agent IS NOT NULL")
_OFFERS = make_sql("SELECT party_id, name, offer FROM component ORDER BY name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a party has to do: tasks of ready steps, knocked ones, running ones, the slots in use."""

    waiting: int = 0
    dispatched: int = 0
    running: int = 0
    in_use: int = 0
    oldest: datetime | None = None
    """Since when the longest-waiting ready task waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """A component, and the parties whose workers offer it."""

    component: Component
    parties: tuple[str, ...]


def get_party(tx: Tx, party: str) -> Party:
    """The party; NotFoundError where there is none."""
    row = tx.session.get(PartyRow, party)
    if row is None:
        raise NotFoundError("party", party)
    return view_party(row)


def list_parties(tx: Tx) -> list[Party]:
    """Every registered party, by id."""
    return [view_party(row) for row in tx.session.exec(select(PartyRow).order_by(PartyRow.id)).all()]


def read_loads(tx: Tx) -> dict[str, Load]:
    """The load of every party that has anything to do."""
    live = {party: row for party, *row in tx.run(_LOADS)}
    waiting = {party: row for party, *row in tx.run(_WAITING)}
    loads = {}
    for party in {*live, *waiting}:
        dispatched, running, in_use = live.get(party, (0, 0, 0))
        count, oldest = waiting.get(party, (0, None))
        loads[party] = Load(
            waiting=int(count),
            dispatched=int(dispatched),
            running=int(running),
            in_use=int(in_use),
            oldest=from_epoch(oldest),
        )
    return loads


def read_offers(tx: Tx) -> dict[str, dict[str, Component]]:
    """What each party offers, by component; parties that never introduced themselves are left out."""
    offers: dict[str, dict[str, Component]] = {row[0]: {} for row in tx.run(_INTRODUCED)}
    for party, name, offer in tx.run(_OFFERS):
        offers.setdefault(party, {})[name] = _parse_offer(name, offer)
    return offers


@lru_cache(maxsize=4096)
def _parse_offer(name: str, offer: str) -> Component:
    """Workers of one release offer the same, and seldom anything new: each text is read once."""
    return make_component(name, orjson.loads(offer))


def list_components(tx: Tx) -> list[OfferView]:
    """Every component that some party offers, by name."""
    found: dict[str, tuple[Component, list[str]]] = {}
    for party, offers in sorted(read_offers(tx).items()):
        for name, component in offers.items():
            found.setdefault(name, (component, []))[1].append(party)
    return [OfferView(component=component, parties=tuple(parties)) for _, (component, parties) in sorted(found.items())]


def find_group(tx: Tx, task: str) -> dict[str, str]:
    """The members of a task's attempt: task -> party; empty where there is no such task."""
    return {row[0]: row[1] for row in tx.run(_GROUP, task=task)}
