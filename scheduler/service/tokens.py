"""Credentials: issued once, kept as digests, checked in constant time."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import UnauthenticatedError
from scheduler.service.audit import Actor, note
from scheduler.service.credentials import make_principal
from scheduler.service.ids import new_secret, new_token_id
from scheduler.store.queries.credentials import TokenView, find_token
from scheduler.store.tx import Tx
from scheduler.store.writes.credentials import insert_token, mark_used, revoke_token

PREFIX = "frt"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What a credential is to be: a worker's where `party` is given, else a user's with a `role`."""

    name: str
    role: Role | None = None
    org: str = ""
    project: str = ""
    party: str | None = None
    expires_s: float | None = None


def issue_token(tx: Tx, wanted: TokenRequest, *, by: Actor, now: datetime) -> tuple[TokenView, str]:
    """A new credential and its text, which is shown this once."""
    token = TokenView(
        id=new_token_id(),
        kind="worker" if wanted.party else "user",
        name=wanted.name,
        role=str(wanted.role) if wanted.role else "",
        org=wanted.org,
        project=wanted.project,
        party=wanted.party,
        created=now,
        expires=None if wanted.expires_s is None else now + timedelta(seconds=wanted.expires_s),
        last_used=None,
        revoked=None,
    )
    secret = new_secret()
    insert_token(tx, token, _digest(secret))
    note(tx, by, "issue_token", token.id, now=now)
    return token, f"{PREFIX}_{token.id}_{secret}"


def authenticate(tx: Tx, text: str, *, now: datetime) -> Principal:
    """Who the bearer of `text` is; UnauthenticatedError says why not."""
    prefix, _, rest = text.partition("_")
    id_, _, secret = rest.partition("_")
    # What no token of ours can be is not looked up: a database may choke on such characters.
    found = find_token(tx, id_) if prefix == PREFIX and text.isascii() and id_.isalnum() else None
    digest = found[1] if found else ""
    if not hmac.compare_digest(digest, _digest(secret)) or found is None:
        raise UnauthenticatedError("the token is unknown: check that it was copied whole")
    return make_principal(found[0], now=now)


def end_token(tx: Tx, token: str, *, by: Actor, now: datetime) -> None:
    """Revoke a credential, for good; NotFoundError where there is none."""
    revoke_token(tx, token, now)
    note(tx, by, "revoke_token", token, now=now)


def note_use(tx: Tx, tokens: Iterable[str], *, now: datetime) -> None:
    """Remember when these credentials were last used."""
    mark_used(tx, tokens, now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
