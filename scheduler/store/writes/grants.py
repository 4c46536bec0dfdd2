"""Writes of what parties let each other use."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, delete

from scheduler.domain.grants import Grant
from scheduler.store.tables.parties import GrantRow
from scheduler.store.tx import Tx


def put_grants(tx: Tx, grants: Iterable[Grant], now: datetime) -> None:
    """Store the grants; those that are there stay as they are."""
    for grant in grants:
        if tx.session.get(GrantRow, (grant.party, grant.grantee, grant.kind, grant.namespace, grant.name)) is None:
            tx.session.add(
                GrantRow(
                    party_id=grant.party, grantee=grant.grantee, kind=grant.kind, namespace=grant.namespace,
                    name=grant.name, created=now,
                )
            )  # fmt: skip
    tx.session.flush()


def delete_grants(tx: Tx, grants: Iterable[Grant]) -> None:
    """Take the grants back; one of all (*) takes back every one of its kind."""
    for grant in grants:
        gone = delete(GrantRow).where(
            col(GrantRow.party_id) == grant.party,
            col(GrantRow.grantee) == grant.grantee,
            col(GrantRow.kind) == grant.kind,
        )
        if grant.name != "*":
            gone = gone.where(col(GrantRow.name) == grant.name, col(GrantRow.namespace) == grant.namespace)
        elif grant.namespace:
            gone = gone.where(col(GrantRow.namespace) == grant.namespace)
        tx.session.exec(gone)
    tx.session.flush()
