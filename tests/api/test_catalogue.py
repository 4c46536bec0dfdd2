from datetime import UTC, datetime

import pytest

from api.bridge import Reader
from api.catalogue import CatalogueCache
from scheduler.domain.access import Principal
from scheduler.service.audit import Actor
from scheduler.service.parties import create_party


class Clock:
    at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def cache(store):
    reader = Reader(store)
    clock = Clock()
    made = CatalogueCache(reader, clock=clock)
    made.test_clock = clock
    yield made
    reader.close()


def add(store, party):
    with store.write() as tx:
        create_party(tx, party, org="", slots=1, by=Actor(Principal(name="r", kind="user")), now=datetime.now(UTC))


async def test_it_is_kept_two_seconds(cache, store):
    assert (await cache.get()).parties == frozenset()
    add(store, "9999")
    assert (await cache.get()).parties == frozenset()
    cache.test_clock.at = 2.1
    assert (await cache.get()).parties == {"9999"}


async def test_it_is_read_anew_when_dropped(cache, store):
    await cache.get()
    add(store, "9999")
    cache.drop()
    assert (await cache.get()).parties == {"9999"}


async def test_parameters_are_checked_under_their_own_schema(cache):
    catalogue = await cache.get()
    small = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}}}
    large = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 50}}}
    for _ in range(2):
        assert [problem.where for problem in catalogue.check_params(small, {"n": 9})] == [".n"]
        assert not catalogue.check_params(large, {"n": 9})
    cache.drop()
    assert [problem.where for problem in catalogue.check_params(small, {"n": 9})] == [".n"]
