"""The table of stored ways to run something."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from scheduler.store.columns import instant, json_value


class TemplateRow(SQLModel, table=True):
    """A stored way to run something; `kind` says whose words `body` is in. Names are unique but for case."""

    __tablename__ = "template"
    __table_args__ = (Index("template_name", "project", "kind", "folded_name", unique=True),)

    id: str = Field(primary_key=True)
    project: str
    kind: str
    name: str
    folded_name: str
    body: dict[str, Any] = json_value()
    owner: str
    created: datetime = instant(null=False)
    modified: datetime = instant(null=False)
