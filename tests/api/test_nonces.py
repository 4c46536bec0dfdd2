import asyncio

import pytest
from redis.asyncio import Redis

from api.nonces import Nonces


@pytest.fixture
async def redis(broker_url):
    async with Redis.from_url(broker_url) as client:
        yield client


async def test_a_nonce_is_taken_once_by_whichever_gateway(redis):
    one, other = Nonces(redis), Nonces(redis)
    assert await one.take("n", within_s=60)
    assert not await one.take("n", within_s=60)
    assert not await other.take("n", within_s=60)
    assert await other.take("m", within_s=60)
    assert 0 < await redis.ttl("fedrota:nonce:n") <= 60


async def test_without_the_broker_a_gateway_remembers_its_own(clock):
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        nonces = Nonces(nowhere, clock=clock)
        assert await nonces.take("n", within_s=60)
        assert not await nonces.take("n", within_s=60)
        clock.at += 60
        assert await nonces.take("n", within_s=60)


async def test_what_one_gateway_took_all_know_under_its_own_prefix(redis):
    one, other, unrelated = (Nonces(redis, prefix=prefix) for prefix in ("ended", "ended", "else"))
    assert not await other.knows("n")
    await one.take("n", within_s=60)
    assert (await one.knows("n"), await other.knows("n"), await unrelated.knows("n")) == (True, True, False)
    assert 0 < await redis.ttl("fedrota:ended:n") <= 60


async def test_without_the_broker_a_gateway_knows_its_own_for_their_time(clock):
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        nonces = Nonces(nowhere, clock=clock)
        await nonces.take("n", within_s=60)
        assert (await nonces.knows("n"), await nonces.knows("m")) == (True, False)
        clock.at += 60
        assert not await nonces.knows("n")
    assert not await Nonces(None).knows("n")


async def test_a_broker_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("api.nonces.ANSWER_S", 0.01)
    async with await asyncio.start_server(lambda *_: asyncio.sleep(60), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Redis.from_url(f"redis://127.0.0.1:{port}", socket_timeout=None) as hanging:
            nonces = Nonces(hanging)
            assert await asyncio.wait_for(nonces.take("n", within_s=60), 30)
            assert not await asyncio.wait_for(nonces.knows("m"), 30)


async def test_memory_is_bounded(monkeypatch, clock):
    monkeypatch.setattr("api.nonces.KEPT", 10)
    nonces = Nonces(None, clock=clock)
    for number in range(50):
        assert await nonces.take(str(number), within_s=60)
    assert len(nonces._seen) == 10
    clock.at += 61
    assert await nonces.take("last", within_s=60)
    assert len(nonces._seen) == 1
