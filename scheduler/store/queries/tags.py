"""Reads of the tags that mark models."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.tables.models import TagRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word that marks models of a project."""

    id: str
    project: str
    name: str
    notes: str
    owner: str
    created: datetime
    modified: datetime


def get_tag(tx: Tx, project: str, name: str) -> Tag:
    """One tag; NotFoundError where the project has none of that name."""
    found = find_tag(tx, project, name)
    if found is None:
        raise NotFoundError("tag", name)
    return found


def find_tag(tx: Tx, project: str, name: str) -> Tag | None:
    """As `get_tag`, but None where there is none."""
    query = select(TagRow).where(TagRow.project == project, TagRow.name == name)
    row = tx.session.exec(query, execution_options={"populate_existing": True}).first()
    return None if row is None else _view(row)


def list_tags(tx: Tx, project: str, *, keyword: str = "", limit: int | None = None) -> list[Tag]:
    """Tags whose name contains `keyword`, in whatever case, by name; `limit` None: all of them."""
    query = select(TagRow).where(TagRow.project == project).order_by(col(TagRow.name)).limit(limit)
    if keyword:
        query = query.where(col(TagRow.name).icontains(keyword, autoescape=True))
    return [_view(row) for row in tx.session.exec(query).all()]


def _view(row: TagRow) -> Tag:
    return Tag(
        id=row.id,
        project=row.project,
        name=row.name,
        notes=row.notes,
        owner=row.owner,
        created=row.created,
        modified=row.modified,
    )
