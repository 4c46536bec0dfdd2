import asyncio

import pytest

from api.single_flight import SingleFlight


class Work:
    def __init__(self, error=None):
        self.runs, self.go, self.error = 0, asyncio.Event(), error

    async def __call__(self):
        self.runs += 1
        await self.go.wait()
        if self.error:
            raise self.error
        return self.runs


async def start(flight, key, work, count):
    tasks = [asyncio.create_task(flight.run(key, work)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_a_crowd_gets_one_answer_and_the_next_one_a_new_one():
    flight, work = SingleFlight(), Work()
    crowd = await start(flight, "a", work, 5)
    work.go.set()
    assert await asyncio.gather(*crowd) == [1] * 5
    assert await flight.run("a", work) == 2


async def test_different_things_are_done_beside_each_other():
    flight, one, two = SingleFlight(), Work(), Work()
    crowd = [*await start(flight, "a", one, 2), *await start(flight, "b", two, 2)]
    two.go.set()
    assert await crowd[2] == 1
    assert not crowd[0].done()
    one.go.set()
    assert await asyncio.gather(*crowd) == [1] * 4


async def test_who_gives_up_takes_nothing_from_the_others():
    flight, work = SingleFlight(), Work()
    first, second = await start(flight, "a", work, 2)
    first.cancel()
    await asyncio.sleep(0)
    work.go.set()
    assert await second == 1


async def test_an_error_is_everybodys_and_is_not_kept():
    flight, work = SingleFlight(), Work(ValueError("no"))
    crowd = await start(flight, "a", work, 2)
    work.go.set()
    for each in crowd:
        with pytest.raises(ValueError, match="no"):
            await each
    work.error = None
    assert await flight.run("a", work) == 2
