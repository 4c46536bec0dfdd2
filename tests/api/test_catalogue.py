import asyncio
from datetime import UTC, datetime

import pytest

from api.bridge import Reader
from api.catalogue import CatalogueCache
from scheduler.domain.access import Principal
from scheduler.domain.errors import BusyError
from scheduler.service.audit import Actor
from scheduler.service.parties import create_party


class CountingReader(Reader):
    reads = 0
    is_broken = False

    async def read(self, query):
        self.reads += 1
        if self.is_broken:
            raise BusyError("too many reads")
        return await super().read(query)


@pytest.fixture
def cache(store, clock):
    reader = Reader(store)
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
    cache.test_clock.at += 2.1
    assert (await cache.get()).parties == {"9999"}


async def test_it_is_read_anew_when_dropped(cache, store):
    await cache.get()
    add(store, "9999")
    cache.drop()
    assert (await cache.get()).parties == {"9999"}


async def test_a_crowd_reads_it_once(store):
    reader = CountingReader(store)
    cache = CatalogueCache(reader)
    found = await asyncio.gather(*(cache.get() for _ in range(20)))
    reader.close()
    assert reader.reads == 1
    assert all(catalogue is found[0] for catalogue in found)


async def test_who_asks_after_a_drop_gets_no_read_that_began_before_it(store):
    reader = CountingReader(store)
    cache = CatalogueCache(reader)
    early = asyncio.create_task(cache.get())
    await asyncio.sleep(0)
    add(store, "9999")
    cache.drop()
    assert (await cache.get()).parties == {"9999"}
    await early
    assert (await cache.get()).parties == {"9999"}
    reader.close()
    assert reader.reads == 2


async def test_one_that_gives_up_leaves_the_read_to_the_others(store):
    reader = CountingReader(store)
    cache = CatalogueCache(reader)
    first, second = asyncio.create_task(cache.get()), asyncio.create_task(cache.get())
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).parties == frozenset()
    reader.close()
    assert reader.reads == 1


async def test_a_failed_read_is_followed_by_another(store):
    reader = CountingReader(store)
    cache = CatalogueCache(reader)
    reader.is_broken = True
    with pytest.raises(BusyError):
        await cache.get()
    reader.is_broken = False
    assert (await cache.get()).parties == frozenset()
    reader.close()


async def test_parameters_are_checked_under_their_own_schema(cache):
    catalogue = await cache.get()
    small = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}}}
    large = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 50}}}
    for _ in range(2):
        assert [problem.where for problem in catalogue.check_params(small, {"n": 9})] == [".n"]
        assert not catalogue.check_params(large, {"n": 9})
    cache.drop()
    assert [problem.where for problem in catalogue.check_params(small, {"n": 9})] == [".n"]
