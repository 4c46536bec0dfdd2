"""The table of studies."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from scheduler.store.columns import Instant, Json


def _json() -> Any:
    return Field(default=None, sa_column=Column(Json, nullable=False))


class StudyRow(SQLModel, table=True):
    """A study of a project; always read and written as a whole. `users` are pairs of a name and an organisation."""

    __tablename__ = "study"

    project: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    site_orgs: dict[str, list[str]] = _json()
    users: list[list[str | None]] = _json()
    created: datetime = Field(default=None, sa_column=Column(Instant, nullable=False))
