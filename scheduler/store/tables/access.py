"""The tables of credentials, and the audit trail."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from scheduler.store.columns import instant, number


class TokenRow(SQLModel, table=True):
    """A credential; only the digest of its secret is kept."""

    __tablename__ = "token"

    id: str = Field(primary_key=True)
    digest: str
    kind: str
    name: str
    role: str = ""
    org: str = ""
    project: str = ""
    party_id: str | None = None
    created: datetime = instant(null=False)
    expires: datetime | None = instant()
    last_used: datetime | None = instant()
    revoked: datetime | None = instant()


class ClientRow(SQLModel, table=True):
    """A credential whose requests are signed; its secret must be read to check them, so it lies here sealed."""

    __tablename__ = "client"

    id: str = Field(primary_key=True)
    sealed: str
    name: str
    role: str
    org: str = ""
    project: str = ""
    created: datetime = instant(null=False)
    expires: datetime | None = instant()
    revoked: datetime | None = instant()


class AuditRow(SQLModel, table=True):
    """Who did what; each row's hash covers the one before."""

    __tablename__ = "audit"

    id: int | None = number()
    at: datetime = instant(null=False)
    who: str
    token_id: str
    address: str
    action: str
    object: str
    outcome: str
    hash: str
