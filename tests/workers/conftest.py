"""A worker in this process against the fake gateway."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workers.fakes import FakeGateway, make_settings, until
from workers.site import Site

COMPONENTS = str(Path(__file__).parent / "executors" / "sample_components.py")


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
