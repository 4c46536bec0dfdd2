"""What tokens and the credentials of signing clients have in common: whether they are in force, and for whom."""

from datetime import datetime

from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import UnauthenticatedError
from scheduler.store.queries.credentials import ClientView, TokenView

Credential = TokenView | ClientView


def make_principal(credential: Credential, *, now: datetime) -> Principal:
    """Whom the credential stands for; UnauthenticatedError where it was revoked or has expired."""
    word = "token" if isinstance(credential, TokenView) else "client"
    if credential.revoked is not None:
        raise UnauthenticatedError(f"the {word} {credential.id} was revoked")
    if credential.expires is not None and credential.expires <= now:
        raise UnauthenticatedError(
            f"the {word} {credential.id} expired at {credential.expires:%Y-%m-%d %H:%M:%S}Z: ask for a new one"
        )
    return Principal(
        name=credential.name,
        kind=credential.kind if isinstance(credential, TokenView) else "user",
        role=Role(credential.role) if credential.role else None,
        org=credential.org,
        project=credential.project,
        party=credential.party if isinstance(credential, TokenView) else None,
        token=credential.id,
    )
