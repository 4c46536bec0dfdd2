"""Writes about idempotency keys, the audit trail and data tables."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.columns import to_epoch, to_json
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.sql import make_sql
from scheduler.store.tables.access import AuditRow
from scheduler.store.tables.jobs import IdempotencyRow
from scheduler.store.tables.parties import DataTableRow
from scheduler.store.tx import Tx
from scheduler.store.work import Work

_LOCK_AUDIT = make_sql("SELECT pg_advisory_xact_lock(93801)")
_KEYS = make_sql("SELECT owner, key, digest, job_id FROM idempotency WHERE owner {in:keepers} AND key {in:keys}")
_OPEN_JOBS = make_sql(
    "SELECT owner, org, project, COUNT(*) FROM job WHERE state IN ('waiting', 'running') AND owner {in:owners} "
    "GROUP BY owner, org, project"
)

Person = tuple[str, str, str]
"""(name, organisation, project): names are given within an organisation, by a project's administrators."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A submit's idempotency key: whose (`name_keeper`), for which document (by digest), and the job it made."""

    owner: str
    key: str
    digest: str
    job: str


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


def find_keys(tx: Tx, keys: Collection[tuple[str, str]]) -> Work[dict[tuple[str, str], KeyUse]]:
    """The uses of idempotency keys that are stored, by (owner, key); others' of the same name may be among them."""
    if not keys:
        return {}
    keepers, names = ({key[at] for key in keys} for at in (0, 1))
    asked = tx.ask((_KEYS, {"keepers": sorted(keepers), "keys": sorted(names)}))
    yield
    [rows] = asked()
    return {(row[0], row[1]): KeyUse(*row) for row in rows}


def insert_keys(tx: Tx, uses: Iterable[KeyUse], now: datetime) -> None:
    """Note the uses; a key that another transaction has taken meanwhile makes this one fail."""
    rows = [
        {"owner": use.owner, "key": use.key, "digest": use.digest, "job_id": use.job, "created": to_epoch(now)}
        for use in uses
    ]
    tx.insert_last(IdempotencyRow, rows)


def count_open_jobs(tx: Tx, owners: Iterable[str]) -> Work[dict[Person, int]]:
    """How many open jobs everyone of these names has, who has any."""
    names = sorted(set(owners))
    if not names:
        return {}
    asked = tx.ask((_OPEN_JOBS, {"owners": names}))
    yield
    [rows] = asked()
    return {(row[0], row[1], row[2]): int(row[3]) for row in rows}


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


def put_data_table(tx: Tx, table: DataTable) -> None:
    """Register a table that its party has stored, in place of an older one of that name."""
    row = DataTableRow(
        party_id=table.party,
        namespace=table.namespace,
        name=table.name,
        owner=table.owner,
        rows=table.rows,
        columns=table.columns,
        size=table.size,
        sha256=table.sha256,
        facts=table.facts,
        created=table.created,
    )
    tx.session.merge(row)
    tx.session.flush()


def delete_data_table(tx: Tx, party: str, namespace: str, name: str) -> None:
    """Forget a table's registration."""
    row = tx.session.get(DataTableRow, (party, namespace, name))
    if row is None:
        raise NotFoundError("table", f"{namespace}/{name}", party=party)
    tx.session.delete(row)
    tx.session.flush()
