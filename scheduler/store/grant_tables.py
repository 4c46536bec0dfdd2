"""The tables of what clients sign with, and of what a party lets others use."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

from scheduler.store.columns import Instant


def _at(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=null))


class ClientRow(SQLModel, table=True):
    """A credential whose requests are signed; its secret must be read to check them, so it lies here sealed."""

    __tablename__ = "client"

    id: str = Field(primary_key=True)
    sealed: str
    name: str
    role: str
    org: str = ""
    project: str = ""
    created: datetime = _at(null=False)
    expires: datetime | None = _at()
    revoked: datetime | None = _at()


class GrantRow(SQLModel, table=True):
    """What a party lets another one's jobs use of it; `name` is one thing of the kind, or * for all."""

    __tablename__ = "grant_of_party"

    party_id: str = Field(sa_column=Column(Text, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True))
    grantee: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    created: datetime = _at(null=False)
