"""The audit trail: who did what to what, in the transaction that did it."""

from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.access import Principal
from scheduler.store.tx import Tx
from scheduler.store.writes.audit import AuditEntry, append_audit


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where."""

    principal: Principal
    address: str = ""


def note(tx: Tx, by: Actor, action: str, subject: str, *, now: datetime, outcome: str = "done") -> None:
    """Write that `by` did `action` to `subject`."""
    who = by.principal
    entry = AuditEntry(
        at=now,
        who=who.name,
        token=who.token,
        address=by.address,
        action=action,
        object=subject,
        outcome=outcome,
    )
    append_audit(tx, entry)
