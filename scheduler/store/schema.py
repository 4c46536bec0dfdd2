"""The check that the database has this release's schema, without the tool that brings it there."""

from typing import Final

from sqlalchemy.exc import OperationalError

from scheduler.store.failures import describe
from scheduler.store.session import Store

SCHEMA: Final = "0005"
"""The newest of `migrations/versions`."""
_TABLE: Final = "alembic_version"


class SchemaError(Exception):
    """The database's schema is not this release's; the text says what to do."""


def check_schema(store: Store) -> None:
    """SchemaError where the database is behind or ahead of this release, or cannot be opened."""
    try:
        present = _find_schema(store)
    except OperationalError as failure:
        raise SchemaError(f"the database cannot be used: {describe(failure)}") from failure
    if present != SCHEMA:
        raise SchemaError(
            f"the database is at schema {present or 'none'}, this release needs {SCHEMA}: "
            "run `python -m scheduler.store.migrate` with this release"
        )


def _find_schema(store: Store) -> str | None:
    with store.engine.connect() as connection:
        if not connection.dialect.has_table(connection, _TABLE):
            return None
        found: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {_TABLE}").scalar()
        return found
