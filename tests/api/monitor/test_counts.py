import asyncio

import pytest

from api.bridge import Reader
from api.monitor.counts import JobCounts


class CountingReader(Reader):
    def __init__(self, store):
        super().__init__(store)
        self.asked = []

    async def read(self, query):
        self.asked.append(query.__name__)
        return await super().read(query)


@pytest.fixture
def reader(store):
    made = CountingReader(store)
    yield made
    made.close()


async def test_a_crowd_of_scrapes_counts_once(reader, clock):
    counts = JobCounts(reader, clock=clock)
    clock.at = 0.0
    await asyncio.gather(*(counts.get() for _ in range(20)))
    assert sorted(reader.asked) == ["count_ended", "count_open"]


async def test_the_store_is_asked_once_a_second_and_for_all_jobs_once_a_minute(reader, clock):
    counts = JobCounts(reader, clock=clock)
    for at in (0.0, 0.5, 1.1, 1.2, 30.0, 61.0):
        clock.at = at
        assert sum((await counts.get()).values()) == 0
    assert reader.asked == ["count_open", "count_ended", "count_open", "count_open", "count_open", "count_ended"]
