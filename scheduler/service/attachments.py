"""What clients attach to jobs: a file comes in pieces, each a transaction, and is there once it is whole."""

from datetime import datetime, timedelta
from typing import Final

from scheduler.service.ids import new_definition_id
from scheduler.store.tx import Tx
from scheduler.store.writes import attachments

PIECE_BYTES: Final = 1 << 20
UNATTACHED: Final = timedelta(days=1)
"""A file that no job carries is forgotten after so long."""


def begin_blob(tx: Tx, *, owner: str, project: str, now: datetime) -> str:
    """Begin a file; its id. What others have uploaded and never attached is forgotten in passing."""
    attachments.delete_unattached(tx, older_than=now - UNATTACHED)
    blob = new_definition_id(32)
    attachments.insert_blob(tx, blob, owner=owner, project=project, now=now)
    return blob


def add_piece(tx: Tx, blob: str, position: int, body: bytes) -> None:
    """Store the `position`-th piece (from 0, at most PIECE_BYTES); storing it again changes nothing."""
    attachments.insert_piece(tx, blob, position, body)


def end_blob(tx: Tx, blob: str, *, size: int, sha256: str) -> None:
    """The file is whole: `size` bytes with that hexadecimal digest. It may be attached from now on."""
    attachments.complete_blob(tx, blob, size=size, sha256=sha256)


def drop_blob(tx: Tx, blob: str) -> None:
    """Forget a file that will not become whole."""
    attachments.delete_blob(tx, blob)
