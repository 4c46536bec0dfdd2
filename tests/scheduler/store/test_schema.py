"""The check that the database is at this release's schema."""

import pytest
from alembic.script import ScriptDirectory

from scheduler.store.migrate import make_config, migrate
from scheduler.store.schema import SCHEMA, SchemaError, check_schema
from scheduler.store.session import make_store


@pytest.fixture
def empty(store_url):
    store = make_store(store_url)
    yield store
    store.close()


def test_the_schema_that_is_asked_for_is_the_newest_migration(empty):
    assert ScriptDirectory.from_config(make_config(empty)).get_current_head() == SCHEMA


def test_an_empty_database_is_refused_with_the_command_that_helps(empty):
    with pytest.raises(
        SchemaError, match="at schema none, this release needs 0005: run `python -m scheduler.store.migrate`"
    ):
        check_schema(empty)


def test_a_database_that_is_ahead_is_refused(empty):
    migrate(empty)
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="at schema 9999, this release needs"):
        check_schema(empty)


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "postgresql+psycopg://x@127.0.0.1:1/x"])
def test_a_database_that_cannot_be_opened_is_told_in_a_sentence(url):
    store = make_store(url)
    with pytest.raises(SchemaError, match="the database cannot be used: OperationalError: "):
        check_schema(store)
    store.close()
