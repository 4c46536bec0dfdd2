"""Writes of clients' credentials and of what parties let each other use."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, delete

from scheduler.domain.errors import NotFoundError
from scheduler.domain.grants import Grant
from scheduler.store.grant_tables import ClientRow, GrantRow
from scheduler.store.queries.grants import ClientView
from scheduler.store.tx import Tx


def insert_client(tx: Tx, client: ClientView, sealed: str) -> None:
    """Store a new client's credential with its sealed secret."""
    row = ClientRow(
        id=client.id,
        sealed=sealed,
        name=client.name,
        role=client.role,
        org=client.org,
        project=client.project,
        created=client.created,
        expires=client.expires,
    )
    tx.session.add(row)
    tx.session.flush()


def revoke_client(tx: Tx, client: str, now: datetime) -> None:
    """End a client's credential and forget its secret; revoking twice is harmless."""
    row = tx.session.get(ClientRow, client)
    if row is None:
        raise NotFoundError("client", client)
    row.revoked, row.sealed = row.revoked or now, ""
    tx.session.add(row)
    tx.session.flush()


def update_client_role(tx: Tx, client: str, role: str) -> None:
    """Give a client's credential another role; NotFoundError where there is none."""
    row = tx.session.get(ClientRow, client)
    if row is None:
        raise NotFoundError("client", client)
    row.role = role
    tx.session.add(row)
    tx.session.flush()


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
