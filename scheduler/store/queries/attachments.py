"""Reads of what clients have uploaded, and of what jobs carry."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.tables.attachments import AttachmentRow, BlobPieceRow, BlobRow
from scheduler.store.tables.jobs import TaskRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """An uploaded file; `size` in bytes."""

    id: str
    owner: str
    project: str
    size: int
    sha256: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file under the name that a job gives it."""

    name: str
    blob: Blob


def find_blobs(tx: Tx, ids: Collection[str]) -> dict[str, Blob]:
    """The named files, those that are there and whole."""
    rows = tx.session.exec(select(BlobRow).where(col(BlobRow.id).in_(list(ids)), BlobRow.sha256 != "")).all()
    return {row.id: _view(row) for row in rows}


def list_attachments(tx: Tx, job: str) -> list[Attachment]:
    """What a job carries, by name."""
    rows = tx.session.exec(
        select(AttachmentRow.name, BlobRow)
        .join(BlobRow, col(BlobRow.id) == AttachmentRow.blob_id)
        .where(AttachmentRow.job_id == job)
        .order_by(col(AttachmentRow.name))
    ).all()
    return [Attachment(name, _view(row)) for name, row in rows]


def get_attachment(tx: Tx, job: str, name: str) -> Attachment:
    """One file of a job; NotFoundError where it carries none of that name."""
    found = next((item for item in list_attachments(tx, job) if item.name == name), None)
    if found is None:
        raise NotFoundError("attachment", f"{job}/{name}")
    return found


def get_attachment_of_task(tx: Tx, task: str, party: str, name: str) -> Attachment:
    """One file of a task's job, for the party that has the task; NotFoundError for everybody else."""
    job = tx.session.exec(select(TaskRow.job_id).where(TaskRow.id == task, TaskRow.party_id == party)).first()
    if job is None:
        raise NotFoundError("task", task)
    return get_attachment(tx, job, name)


def find_piece(tx: Tx, blob: str, position: int) -> bytes | None:
    """The `position`-th piece of a file, or None behind its end."""
    row = tx.session.get(BlobPieceRow, (blob, position))
    return None if row is None else row.body


def _view(row: BlobRow) -> Blob:
    return Blob(id=row.id, owner=row.owner, project=row.project, size=row.size, sha256=row.sha256, created=row.created)
