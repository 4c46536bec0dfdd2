"""Writes of the audit trail."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from scheduler.store.columns import to_json
from scheduler.store.sql import make_sql
from scheduler.store.tables.access import AuditRow
from scheduler.store.tx import Tx

_LOCK_AUDIT = make_sql("SELECT pg_advisory_xact_lock(93801)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, with which token, from where, to what, with which outcome."""

    at: datetime
    who: str
    token: str
    address: str
    action: str
    object: str
    outcome: str


def append_audit(tx: Tx, entry: AuditEntry) -> None:
    """Add a row to the audit trail, chained to the one before."""
    if tx.is_postgres:
        tx.run(_LOCK_AUDIT)
    last = tx.session.exec(select(AuditRow.hash).order_by(col(AuditRow.id).desc()).limit(1)).first()
    said = [entry.at.isoformat(), entry.who, entry.token, entry.address, entry.action, entry.object, entry.outcome]
    row = AuditRow(
        at=entry.at,
        who=entry.who,
        token_id=entry.token,
        address=entry.address,
        action=entry.action,
        object=entry.object,
        outcome=entry.outcome,
        hash=hashlib.sha256(to_json([last or "", *said]).encode()).hexdigest(),
    )
    tx.session.add(row)
    tx.session.flush()
