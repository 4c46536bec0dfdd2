"""Writes of the tags that mark models."""

from sqlmodel import col, delete

from scheduler.store.queries.tags import Tag
from scheduler.store.tables.models import ModelTagRow, TagRow
from scheduler.store.tx import Tx


def put_tag(tx: Tx, tag: Tag) -> None:
    """Store a tag, in place of the one with its id where there is one."""
    row = TagRow(
        id=tag.id,
        project=tag.project,
        name=tag.name,
        notes=tag.notes,
        owner=tag.owner,
        created=tag.created,
        modified=tag.modified,
    )
    tx.session.merge(row)
    tx.session.flush()


def delete_tag(tx: Tx, tag: str) -> None:
    """Forget a tag; models that bore it bear it no more."""
    tx.session.exec(delete(TagRow).where(col(TagRow.id) == tag))


def attach_tag(tx: Tx, tag: str, model: str) -> None:
    """The model bears the tag; doing it twice changes nothing."""
    tx.session.merge(ModelTagRow(model=model, tag=tag))
    tx.session.flush()


def detach_tag(tx: Tx, tag: str, model: str) -> None:
    """The model bears the tag no more; one that did not is no error."""
    tx.session.exec(delete(ModelTagRow).where(col(ModelTagRow.tag) == tag, col(ModelTagRow.model) == model))
