"""Reads of clients' credentials and of what parties let each other use."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.domain.grants import Grant
from scheduler.store.tables.access import ClientRow
from scheduler.store.tables.parties import GrantRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientView:
    """A client's credential without its secret; `id` is what the client sends beside its signature."""

    id: str
    name: str
    role: str
    org: str
    project: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None


def find_client(tx: Tx, client: str) -> tuple[ClientView, str] | None:
    """A client's credential and its sealed secret, or None."""
    row = tx.session.get(ClientRow, client)
    return None if row is None else (_view(row), row.sealed)


def get_client(tx: Tx, client: str) -> ClientView:
    """A client's credential; NotFoundError where there is none."""
    found = find_client(tx, client)
    if found is None:
        raise NotFoundError("client", client)
    return found[0]


def list_clients(tx: Tx) -> list[ClientView]:
    """Every client's credential, the oldest first."""
    query = select(ClientRow).order_by(col(ClientRow.created), col(ClientRow.id))
    return [_view(row) for row in tx.session.exec(query).all()]


def list_grants(tx: Tx, *, grantee: str) -> list[Grant]:
    """What parties let `grantee` use, by party, kind and name."""
    order = (col(GrantRow.party_id), col(GrantRow.kind), col(GrantRow.namespace), col(GrantRow.name))
    query = select(GrantRow).where(GrantRow.grantee == grantee).order_by(*order)
    return [
        Grant(party=row.party_id, grantee=row.grantee, kind=row.kind, namespace=row.namespace, name=row.name)
        for row in tx.session.exec(query).all()
    ]


def _view(row: ClientRow) -> ClientView:
    return ClientView(
        id=row.id,
        name=row.name,
        role=row.role,
        org=row.org,
        project=row.project,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
    )
