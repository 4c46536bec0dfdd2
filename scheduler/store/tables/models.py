"""The tables of the model registry; a model's parts are outputs of the job that its row names."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from scheduler.store.columns import belongs_to, instant, json_value, part_of


class ModelRow(SQLModel, table=True):
    """A version of a model; it counts while its job is a success. `components` and `recipe` come with deployment."""

    __tablename__ = "model"
    __table_args__ = (
        Index("model_version", "project", "model_id", "version", unique=True),
        Index("model_job", "job_id"),
    )

    id: str = Field(primary_key=True)
    project: str
    model_id: str
    version: str
    job_id: str = belongs_to("job.id")
    components: list[str] | None = json_value(null=True)
    recipe: dict[str, Any] | None = json_value(null=True)
    parent_id: str = ""
    parent_version: str = ""
    imported: bool = False
    notes: str = ""
    owner: str
    created: datetime = instant(null=False)


class ModelMemberRow(SQLModel, table=True):
    """A party's part in a model, under its own name there and under the one it has in the job."""

    __tablename__ = "model_member"

    model: str = part_of("model.id")
    role: str = Field(primary_key=True)
    party_id: str = Field(primary_key=True)
    place: int
    """Among the model's members."""
    source_role: str
    source_party: str
    loaded: int = 0


class ModelSourceRow(SQLModel, table=True):
    """A step of a model whose parts are the outputs of an earlier job than the model's own."""

    __tablename__ = "model_source"

    model: str = part_of("model.id")
    step: str = Field(primary_key=True)
    job_id: str = Field(sa_column=Column(Text, ForeignKey("job.id", ondelete="CASCADE"), nullable=False, index=True))


class TagRow(SQLModel, table=True):
    """A word that marks models."""

    __tablename__ = "tag"
    __table_args__ = (Index("tag_name", "project", "name", unique=True),)

    id: str = Field(primary_key=True)
    project: str
    name: str
    notes: str = ""
    owner: str
    created: datetime = instant(null=False)
    modified: datetime = instant(null=False)


class ModelTagRow(SQLModel, table=True):
    """A model bears a tag."""

    __tablename__ = "model_tag"

    model: str = part_of("model.id")
    tag: str = part_of("tag.id")


class ModelServiceRow(SQLModel, table=True):
    """A service that answers with a model."""

    __tablename__ = "model_service"

    project: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    model: str = Field(sa_column=Column(Text, ForeignKey("model.id", ondelete="CASCADE"), nullable=False, index=True))
    owner: str
    at: datetime = instant(null=False)
