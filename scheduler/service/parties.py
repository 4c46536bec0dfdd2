"""What operators do with parties; each with its row in the audit trail."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.domain.model import Party
from scheduler.service.audit import Actor, note
from scheduler.store.tx import Tx
from scheduler.store.writes.credentials import revoke_tokens_of
from scheduler.store.writes.parties import delete_party, insert_party, update_party

PARTY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

USUAL_SLOTS: Final = 4
"""Until the party's worker says how many it has."""
MAX_SLOTS: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyPatch:
    """What is to change at a party; None leaves it as it is."""

    slots: int | None = None
    org: str | None = None
    drained: bool | None = None


def create_party(tx: Tx, party: str, *, org: str, slots: int | None, by: Actor, now: datetime) -> Party:
    """Register a party, whose worker may connect from now on.

    With `slots` given the worker's own figure does not count. ConflictError where the id is taken.
    """
    if not PARTY_ID.fullmatch(party):
        raise InvalidDocumentError(
            Problem("id", f"{party!r} is no party id: 1 to 64 letters, digits, '.', '_', '-', a letter or digit first")
        )
    _check_slots(slots)
    made = Party(
        id=party,
        org=org,
        slots=USUAL_SLOTS if slots is None else slots,
        drained=False,
        created=now,
        last_seen=None,
        agent=None,
        version="",
    )
    insert_party(tx, made, slots_fixed=slots is not None)
    note(tx, by, "create_party", party, now=now)
    return made


def change_party(tx: Tx, party: str, patch: PartyPatch, *, by: Actor, now: datetime) -> Party:
    """Change what the patch gives; a drained party gets no new work until it is resumed."""
    _check_slots(patch.slots)
    changed = update_party(tx, party, slots=patch.slots, org=patch.org, drained=patch.drained)
    note(tx, by, "change_party", party, now=now)
    return changed


def remove_party(tx: Tx, party: str, *, by: Actor, now: datetime) -> None:
    """Forget a party and end its worker's tokens: the next party of that name is somebody else's, perhaps.

    ConflictError while it has open tasks.
    """
    delete_party(tx, party)
    revoke_tokens_of(tx, party, now)
    note(tx, by, "remove_party", party, now=now)


def _check_slots(slots: int | None) -> None:
    if slots is not None and not 1 <= slots <= MAX_SLOTS:
        raise InvalidDocumentError(Problem("slots", f"{slots} is no number of slots: give one from 1 to {MAX_SLOTS}"))
