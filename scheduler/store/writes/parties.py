"""Writes about parties: registration, introduction of their workers, slots, drain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import col, delete, select

from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.domain.messages import Hello
from scheduler.domain.model import Party
from scheduler.store.tables.jobs import TaskRow
from scheduler.store.tables.parties import ComponentRow, PartyRow
from scheduler.store.tx import Tx
from scheduler.store.views import view_party


def insert_party(tx: Tx, party: Party, *, slots_fixed: bool) -> None:
    """Register a party; ConflictError where its id is taken. `slots_fixed`: its worker may not change them."""
    if tx.session.get(PartyRow, party.id) is not None:
        raise ConflictError(f"party {party.id!r} is registered already")
    row = PartyRow(
        id=party.id,
        org=party.org,
        slots=party.slots,
        slots_fixed=slots_fixed,
        created=party.created,
        facts=dict(party.facts),
    )
    tx.session.add(row)
    tx.session.flush()


def introduce_party(tx: Tx, party: str, hello: Hello, offers: Mapping[str, Any], *, now: datetime) -> int:
    """Store what the party's worker said of itself, in place of what it said before; its slots."""
    row = _get(tx, party)
    row.slots = row.slots if row.slots_fixed else hello.slots
    row.last_seen = now
    row.agent = hello.agent
    row.version = hello.version
    row.identity = hello.identity
    row.facts = {**hello.facts, "executors": list(hello.executors)}
    tx.session.add(row)
    tx.session.exec(delete(ComponentRow).where(col(ComponentRow.party_id) == party))
    tx.session.add_all(ComponentRow(party_id=party, name=name, offer=offer) for name, offer in offers.items())
    tx.session.flush()
    return row.slots


def update_party(
    tx: Tx, party: str, *, slots: int | None = None, org: str | None = None, drained: bool | None = None
) -> Party:
    """Change what is given; slots set here stay whatever the worker says."""
    row = _get(tx, party)
    if slots is not None:
        row.slots, row.slots_fixed = slots, True
    row.org = row.org if org is None else org
    row.drained = row.drained if drained is None else drained
    tx.session.add(row)
    tx.session.flush()
    tx.effects.has_ready_work = True
    return view_party(row)


def delete_party(tx: Tx, party: str) -> None:
    """Forget a party and its tables; ConflictError while it has open tasks."""
    row = _get(tx, party)
    is_open = col(TaskRow.state).in_(("waiting", "dispatched", "running", "lost_contact"))
    if tx.session.exec(select(TaskRow.id).where(TaskRow.party_id == party, is_open).limit(1)).first():
        raise ConflictError(f"party {party!r} has open tasks: stop their jobs or wait for their end")
    tx.session.delete(row)
    tx.session.flush()


def _get(tx: Tx, party: str) -> PartyRow:
    # Locked: two hellos of one party at once would both replace what it offers.
    row = tx.session.get(PartyRow, party, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFoundError("party", party)
    return row
