"""The table of studies."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from scheduler.store.columns import instant, json_value


class StudyRow(SQLModel, table=True):
    """A study of a project; always read and written as a whole. `users` are pairs of a name and an organisation."""

    __tablename__ = "study"

    project: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    site_orgs: dict[str, list[str]] = json_value()
    users: list[list[str | None]] = json_value()
    created: datetime = instant(null=False)
