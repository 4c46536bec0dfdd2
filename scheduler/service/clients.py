"""Credentials of clients that sign their requests: issued once, kept sealed, opened only to check a signature."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import UnauthenticatedError
from scheduler.service.audit import Actor, note
from scheduler.service.credentials import make_principal
from scheduler.service.ids import new_definition_id, new_token_id
from scheduler.service.seal import Seal, SealError
from scheduler.store.queries.credentials import ClientView, find_client
from scheduler.store.tx import Tx
from scheduler.store.writes.credentials import insert_client, revoke_client, update_client_role


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRequest:
    """Whose requests a credential is to sign, and what they may."""

    name: str
    role: Role
    org: str = ""
    project: str = ""
    expires_s: float | None = None


def issue_client(tx: Tx, wanted: ClientRequest, *, seal: Seal, by: Actor, now: datetime) -> tuple[ClientView, str]:
    """A new credential and its secret, which is shown this once: 128 random bits in hexadecimal digits."""
    client = ClientView(
        id=new_token_id(),
        name=wanted.name,
        role=str(wanted.role),
        org=wanted.org,
        project=wanted.project,
        created=now,
        expires=None if wanted.expires_s is None else now + timedelta(seconds=wanted.expires_s),
        revoked=None,
    )
    secret = new_definition_id(32)
    insert_client(tx, client, seal.close(secret))
    note(tx, by, "issue_client", client.id, now=now)
    return client, secret


def open_client(tx: Tx, client: str, *, seal: Seal, now: datetime) -> tuple[Principal, str]:
    """Who signs with the credential, and its secret; UnauthenticatedError says why it is good for nothing."""
    # What no credential of ours can be is not looked up: a database may choke on such characters.
    found = find_client(tx, client) if client.isascii() and client.isalnum() else None
    if found is None:
        raise UnauthenticatedError("the app key is unknown: check that it was copied whole")
    view, sealed = found
    principal = make_principal(view, now=now)
    try:
        secret = seal.open(sealed)
    except SealError as wrong:
        raise UnauthenticatedError(f"the client {view.id} cannot be checked here: {wrong}") from wrong
    return principal, secret


def change_role(tx: Tx, client: str, role: Role, *, by: Actor, now: datetime) -> None:
    """Let a client do what `role` may from its next request on; NotFoundError where there is none."""
    update_client_role(tx, client, str(role))
    note(tx, by, "change_client", f"{client}: {role}", now=now)


def end_client(tx: Tx, client: str, *, by: Actor, now: datetime) -> None:
    """Revoke a credential, for good; NotFoundError where there is none."""
    revoke_client(tx, client, now)
    note(tx, by, "revoke_client", client, now=now)
