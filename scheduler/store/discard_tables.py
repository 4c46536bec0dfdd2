"""The table of what parties still have to delete: written with the deletion of a job, so that none is forgotten."""

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel


class DiscardRow(SQLModel, table=True):
    """Outputs and logs of a task that exists no more; gone from here once its party has deleted them."""

    __tablename__ = "discard"

    party_id: str = Field(sa_column=Column(Text, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True))
    task_id: str = Field(primary_key=True)
