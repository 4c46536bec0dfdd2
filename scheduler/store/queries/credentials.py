"""Reads of credentials, never of a token's secret: tokens, and what signing clients have instead."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.tables.access import ClientRow, TokenRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A credential without its secret; `kind` is user or worker."""

    id: str
    kind: str
    name: str
    role: str
    org: str
    project: str
    party: str | None
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    revoked: datetime | None


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


def find_token(tx: Tx, token: str) -> tuple[TokenView, str] | None:
    """A token and the digest of its secret, or None."""
    row = tx.session.get(TokenRow, token)
    return None if row is None else (_view_token(row), row.digest)


def get_token(tx: Tx, token: str) -> TokenView:
    """A token; NotFoundError where there is none."""
    found = find_token(tx, token)
    if found is None:
        raise NotFoundError("token", token)
    return found[0]


def list_tokens(tx: Tx) -> list[TokenView]:
    """Every token, the oldest first."""
    query = select(TokenRow).order_by(col(TokenRow.created), col(TokenRow.id))
    return [_view_token(row) for row in tx.session.exec(query).all()]


def list_orgs(tx: Tx, *, name: str, project: str) -> list[str]:
    """The organisations in which somebody of this name has a token of the project that was not revoked, sorted."""
    query = select(TokenRow.org).where(TokenRow.name == name, TokenRow.project == project, TokenRow.kind == "user")
    return sorted(set(tx.session.exec(query.where(col(TokenRow.revoked).is_(None))).all()))


def find_client(tx: Tx, client: str) -> tuple[ClientView, str] | None:
    """A client's credential and its sealed secret, or None."""
    row = tx.session.get(ClientRow, client)
    return None if row is None else (_view_client(row), row.sealed)


def get_client(tx: Tx, client: str) -> ClientView:
    """A client's credential; NotFoundError where there is none."""
    found = find_client(tx, client)
    if found is None:
        raise NotFoundError("client", client)
    return found[0]


def list_clients(tx: Tx) -> list[ClientView]:
    """Every client's credential, the oldest first."""
    query = select(ClientRow).order_by(col(ClientRow.created), col(ClientRow.id))
    return [_view_client(row) for row in tx.session.exec(query).all()]


def _view_token(row: TokenRow) -> TokenView:
    return TokenView(
        id=row.id,
        kind=row.kind,
        name=row.name,
        role=row.role,
        org=row.org,
        project=row.project,
        party=row.party_id,
        created=row.created,
        expires=row.expires,
        last_used=row.last_used,
        revoked=row.revoked,
    )


def _view_client(row: ClientRow) -> ClientView:
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
