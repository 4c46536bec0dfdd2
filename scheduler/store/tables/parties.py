"""The tables of parties: what each offers and keeps, what it lets others use, what it has still to delete."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from scheduler.store.columns import amount, instant, json_value, part_of


class PartyRow(SQLModel, table=True):
    """An organisation's site."""

    __tablename__ = "party"

    id: str = Field(primary_key=True)
    org: str
    slots: int
    slots_fixed: bool = False
    drained: bool = False
    created: datetime = instant(null=False)
    last_seen: datetime | None = instant()
    agent: str | None = None
    version: str = ""
    identity: str = ""
    facts: dict[str, Any] = json_value()


class ComponentRow(SQLModel, table=True):
    """A component that a party's worker offers."""

    __tablename__ = "component"

    party_id: str = part_of("party.id")
    name: str = Field(primary_key=True)
    offer: dict[str, Any] = json_value()


class DataTableRow(SQLModel, table=True):
    """A data table that lies at a party."""

    __tablename__ = "data_table"

    party_id: str = part_of("party.id")
    namespace: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    owner: str
    rows: int = amount()
    columns: list[dict[str, Any]] = json_value()
    size: int = amount()
    sha256: str
    facts: dict[str, Any] = json_value()
    created: datetime = instant(null=False)


class GrantRow(SQLModel, table=True):
    """What a party lets another one's jobs use of it; `name` is one thing of the kind, or * for all."""

    __tablename__ = "grant_of_party"

    party_id: str = part_of("party.id")
    grantee: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    created: datetime = instant(null=False)


class DiscardRow(SQLModel, table=True):
    """Outputs and logs of a task that exists no more; gone from here once its party has deleted them."""

    __tablename__ = "discard"

    party_id: str = part_of("party.id")
    task_id: str = Field(primary_key=True)
