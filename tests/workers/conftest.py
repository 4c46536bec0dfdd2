"""A worker in this process against the fake gateway; a workshop for all tests of what executors do."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduler.queues.app import make_celery
from tests.workers.fakes import TOKEN, FakeGateway, make_settings, until
from tests.workers.workshop import COMPONENTS, Workshop
from workers.executors.base import Limits
from workers.site import Site


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    made = FakeGateway()
    made.up()
    yield made
    made.down()


@pytest.fixture
def make_worker(gateway: FakeGateway, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Starts a worker; a second one in the same folder needs the first to be stopped."""
    made: list[Site] = []

    def make(**facts: Any) -> Site:
        observer = facts.pop("observer", None)
        settings = make_settings(tmp_path, gateway.url, **{"components": (COMPONENTS,), **facts})
        site = Site(settings, observer=observer)
        made.append(site)
        site.start()
        until(lambda: site.runner.welcome)
        return site

    yield make
    for site in made:
        if not site.is_stopped:
            site.stop(0.0)


@pytest.fixture
def worker(make_worker: Callable[..., Site]) -> Site:
    return make_worker()


@pytest.fixture
def start_worker(gateway, tmp_path, repository, own_valkey):
    """Starts `python -m workers` or Celery's own command."""
    started = []

    def start(*command: str, **settings: str) -> subprocess.Popen:
        given = {
            "BROKER_URL": own_valkey, "GATEWAY_URL": gateway.url, "TOKEN": TOKEN, "PARTY": "9999",
            "STATE_DIR": str(tmp_path / "state"), "STOP_GRACE_S": "1", **settings,
        }  # fmt: skip
        environment = {**os.environ, **{f"FEDROTA_{name}": value for name, value in given.items()}}
        hellos = len(gateway.hellos)
        started.append(subprocess.Popen([sys.executable, "-m", *command], cwd=repository, env=environment))
        until(lambda: len(gateway.hellos) > hellos)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def knock(own_valkey):
    app = make_celery("test", broker_url=own_valkey, queue="party.9999", profile="centre")
    return lambda *knocks: app.send_task("workers.knock", args=[list(knocks)], queue="party.9999")


@pytest.fixture(scope="session")
def make_workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Workshop]]:
    made: list[Workshop] = []

    def make(limits: Limits | None = None, modules: list[str] | None = None) -> Workshop:
        folder = tmp_path_factory.mktemp("workshop")
        made.append(Workshop(folder, limits or Limits(), [COMPONENTS] if modules is None else modules))
        return made[-1]

    yield make
    for workshop in made:
        workshop.close()


@pytest.fixture(scope="session")
def workshop(make_workshop: Callable[..., Workshop]) -> Workshop:
    """One workshop for all tests that leave it as it was."""
    return make_workshop()
