"""The tables of what clients attach to jobs: files in pieces, kept here because any gateway may be asked for them."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, LargeBinary, Text
from sqlmodel import Field, SQLModel

from scheduler.store.columns import Instant, amount, part_of


class BlobRow(SQLModel, table=True):
    """A file that was uploaded; it may be attached once `sha256` is known."""

    __tablename__ = "blob"

    id: str = Field(primary_key=True)
    owner: str
    project: str
    size: int = amount(0)
    sha256: str = ""
    created: datetime = Field(sa_column=Column(Instant, nullable=False, index=True))


class BlobPieceRow(SQLModel, table=True):
    """A part of a file; `position` counts from 0."""

    __tablename__ = "blob_piece"

    blob_id: str = part_of("blob.id")
    position: int = Field(primary_key=True)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AttachmentRow(SQLModel, table=True):
    """A file that a job carries under a name of its own; copies of the job share it."""

    __tablename__ = "attachment"

    job_id: str = part_of("job.id")
    name: str = Field(primary_key=True)
    blob_id: str = Field(sa_column=Column(Text, ForeignKey("blob.id"), nullable=False, index=True))
