import asyncio

import pytest

from api import streams
from api.streams import Standing, Streams
from scheduler.domain.errors import BusyError, UnauthenticatedError


class SlowReader:
    """Counts who reads at once."""

    def __init__(self):
        self.now = self.most = 0

    async def read(self, query):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return query(None)


async def test_streams_read_in_turns(monkeypatch):
    monkeypatch.setattr(streams, "READS", 3)
    reader = SlowReader()
    shared = Streams(reader)
    assert await asyncio.gather(*(shared.read(lambda _tx, number=number: number) for number in range(50))) == [
        *range(50)
    ]
    assert reader.most == 3


async def test_the_caller_is_asked_for_now_and_then_and_a_busy_store_is_no_refusal(monkeypatch):
    asked, answers = [], [None, BusyError("not now"), UnauthenticatedError("revoked")]

    async def admit(_request, access):
        asked.append(access)
        if answers[len(asked) - 1]:
            raise answers[len(asked) - 1]

    monkeypatch.setattr(streams, "admit", admit)
    standing = Standing(None)
    await standing.check()
    assert asked == []
    monkeypatch.setattr(streams, "CHECK_S", 0.0)
    await standing.check()
    await standing.check()
    with pytest.raises(UnauthenticatedError):
        await standing.check()
    assert asked == ["user"] * 3
