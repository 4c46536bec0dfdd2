"""Writes of templates."""

from sqlmodel import col, delete, select

from scheduler.store.queries.templates import Template
from scheduler.store.tables.templates import TemplateRow
from scheduler.store.tx import Tx


def put_template(tx: Tx, template: Template) -> None:
    """Store a template, in place of the one with its id where there is one."""
    row = TemplateRow(
        id=template.id,
        project=template.project,
        kind=template.kind,
        name=template.name,
        folded_name=template.name.casefold(),
        body=template.body,
        owner=template.owner,
        created=template.created,
        modified=template.modified,
    )
    tx.session.merge(row)
    tx.session.flush()


def delete_template(tx: Tx, template: str) -> None:
    """Forget a template; one that is not there is no error."""
    tx.session.exec(delete(TemplateRow).where(col(TemplateRow.id) == template))


def lock_template(tx: Tx, template: str) -> None:
    """Nobody else changes the template until this transaction ends; SQLite has one writer anyway."""
    tx.session.exec(select(TemplateRow.id).where(TemplateRow.id == template).with_for_update())
