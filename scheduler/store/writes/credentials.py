"""Writes of credentials: tokens, and what signing clients have instead."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from sqlmodel import col, update

from scheduler.domain.errors import NotFoundError
from scheduler.store.queries.credentials import ClientView, TokenView
from scheduler.store.tables.access import ClientRow, TokenRow
from scheduler.store.tx import Tx

Row = TypeVar("Row", TokenRow, ClientRow)


def insert_token(tx: Tx, token: TokenView, digest: str) -> None:
    """Store a new token; `digest` is the SHA-256 of its secret, in hex."""
    row = TokenRow(
        id=token.id,
        digest=digest,
        kind=token.kind,
        name=token.name,
        role=token.role,
        org=token.org,
        project=token.project,
        party_id=token.party,
        created=token.created,
        expires=token.expires,
    )
    _put(tx, row)


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
    _put(tx, row)


def revoke_token(tx: Tx, token: str, now: datetime) -> None:
    """End a token; revoking twice is harmless. NotFoundError where there is none."""
    row = _get(tx, TokenRow, token, "token")
    row.revoked = row.revoked or now
    _put(tx, row)


def revoke_tokens_of(tx: Tx, party: str, now: datetime) -> None:
    """End all tokens of a party's worker."""
    of_party = update(TokenRow).where(col(TokenRow.party_id) == party, col(TokenRow.revoked).is_(None))
    tx.session.exec(of_party.values(revoked=now))


def revoke_client(tx: Tx, client: str, now: datetime) -> None:
    """End a client's credential and forget its secret; revoking twice is harmless. NotFoundError where there is none."""
    row = _get(tx, ClientRow, client, "client")
    row.revoked, row.sealed = row.revoked or now, ""
    _put(tx, row)


def update_client_role(tx: Tx, client: str, role: str) -> None:
    """Give a client's credential another role; NotFoundError where there is none."""
    row = _get(tx, ClientRow, client, "client")
    row.role = role
    _put(tx, row)


def mark_used(tx: Tx, tokens: Iterable[str], now: datetime) -> None:
    """Note when the tokens were last used."""
    tx.session.exec(update(TokenRow).where(col(TokenRow.id).in_(list(tokens))).values(last_used=now))


def _get(tx: Tx, kind: type[Row], identity: str, word: str) -> Row:
    row = tx.session.get(kind, identity)
    if row is None:
        raise NotFoundError(word, identity)
    return row


def _put(tx: Tx, row: TokenRow | ClientRow) -> None:
    tx.session.add(row)
    tx.session.flush()
