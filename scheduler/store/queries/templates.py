"""Reads of templates: stored ways to run something."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.tables.templates import TemplateRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A stored way to run something; `kind` says whose words `body` is in."""

    id: str
    project: str
    kind: str
    name: str
    body: dict[str, Any]
    owner: str
    created: datetime
    modified: datetime


def get_template(tx: Tx, project: str, kind: str, template: str) -> Template:
    """One template; NotFoundError where the project has none of that kind and id."""
    row = tx.session.get(TemplateRow, template)
    if row is None or (row.project, row.kind) != (project, kind):
        raise NotFoundError(kind, template)
    return _view(row)


def find_template_named(tx: Tx, project: str, kind: str, name: str) -> Template | None:
    """The template of that name, in whatever case, or None."""
    row = tx.session.exec(
        select(TemplateRow).where(
            TemplateRow.project == project, TemplateRow.kind == kind, TemplateRow.folded_name == name.casefold()
        )
    ).first()
    return None if row is None else _view(row)


def list_templates(
    tx: Tx, project: str, kind: str, *, keyword: str = "", offset: int = 0, limit: int = 50
) -> tuple[list[Template], int]:
    """Templates whose name contains `keyword`, in the order in which they were made, and how many there are in all."""
    wanted: list[Any] = [TemplateRow.project == project, TemplateRow.kind == kind]
    if keyword:
        wanted.append(col(TemplateRow.folded_name).contains(keyword.casefold(), autoescape=True))
    rows = tx.session.exec(
        select(TemplateRow)
        .where(*wanted)
        .order_by(col(TemplateRow.created), col(TemplateRow.id))
        .offset(offset)
        .limit(limit)
    ).all()
    total = tx.session.exec(select(func.count()).select_from(TemplateRow).where(*wanted)).one()
    return [_view(row) for row in rows], total


def _view(row: TemplateRow) -> Template:
    return Template(
        id=row.id,
        project=row.project,
        kind=row.kind,
        name=row.name,
        body=row.body,
        owner=row.owner,
        created=row.created,
        modified=row.modified,
    )
