"""Alembic's entry: runs migrations on the engine that the caller gives, or on the settings' database."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Double, Text
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from config.settings import Settings, load
from scheduler.store.columns import Instant, Json
from scheduler.store.session import make_store
from scheduler.store.tables import access, attachments, jobs, models, parties, studies, templates

TABLES = (access, attachments, jobs, models, parties, studies, templates)
"""The modules whose import fills the metadata."""
PLAIN = {Instant: "sa.Double()", Json: "sa.Text()", AutoString: "sa.Text()"}


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write the stored type into migrations, so that they never depend on later code."""
    return PLAIN.get(type(item), False) if kind == "type" else False


def compare_type(_context: Any, _column: Any, _model: Any, found: Any, wanted: Any) -> bool | None:
    """Whether a column's type differs from its model's; None leaves it to alembic."""
    if type(wanted) not in PLAIN:
        return None
    return not isinstance(found, Double if isinstance(wanted, Instant) else Text)


engine = context.config.attributes.get("engine") or make_store(load(Settings).sql_url()).engine

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=compare_type,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
