"""Writes of what clients upload and attach."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import col, delete, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.tables.attachments import AttachmentRow, BlobPieceRow, BlobRow
from scheduler.store.tx import Tx


def insert_blob(tx: Tx, blob: str, *, owner: str, project: str, now: datetime) -> None:
    """Begin a file."""
    tx.session.add(BlobRow(id=blob, owner=owner, project=project, created=now))
    tx.session.flush()


def insert_piece(tx: Tx, blob: str, position: int, body: bytes) -> None:
    """Add the `position`-th piece of a file."""
    tx.session.merge(BlobPieceRow(blob_id=blob, position=position, body=body))
    tx.session.flush()


def complete_blob(tx: Tx, blob: str, *, size: int, sha256: str) -> None:
    """The file is whole."""
    row = tx.session.get(BlobRow, blob)
    if row is None:
        raise NotFoundError("attachment", blob)
    row.size, row.sha256 = size, sha256
    tx.session.add(row)
    tx.session.flush()


def delete_blob(tx: Tx, blob: str) -> None:
    """Forget a file, however much of it is there."""
    tx.session.exec(delete(BlobRow).where(col(BlobRow.id) == blob))


def delete_unattached(tx: Tx, *, older_than: datetime) -> None:
    """Forget the files that no job carries and nobody has just uploaded."""
    attached = select(AttachmentRow.blob_id)
    tx.session.exec(delete(BlobRow).where(col(BlobRow.created) < older_than, col(BlobRow.id).not_in(attached)))


def insert_attachments(tx: Tx, attached: Sequence[tuple[str, Mapping[str, str]]]) -> None:
    """Give jobs their files, at the end of the transaction: (job, name -> file)."""
    rows = [{"job_id": job, "name": name, "blob_id": blob} for job, files in attached for name, blob in files.items()]
    tx.insert_last(AttachmentRow, rows)
