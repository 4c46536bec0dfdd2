import asyncio

import pytest
from redis.asyncio import Redis

from api.agent import gateway_bus as module
from api.agent.gateway_bus import PARTY_BYTES, QUEUE_BYTES, GatewayBus, gateway_channel, presence_key
from tests.party_channel import until


@pytest.fixture
async def redis(broker_url):
    redis = Redis.from_url(broker_url)
    yield redis
    await redis.aclose()


@pytest.fixture
async def buses(redis):
    made = {}
    for name in ("g1", "g2"):
        got, replaced = [], []
        bus = GatewayBus(redis, name, on_envelope=lambda header, frame, got=got: got.append((header, bytes(frame))))
        await bus.start(on_replaced=lambda *who, replaced=replaced: replaced.append(who))
        bus.got, bus.replaced = got, replaced
        made[name] = bus
    yield made
    for bus in made.values():
        await bus.stop()


async def test_a_party_is_found_where_it_is_held(buses, redis):
    await buses["g1"].hold("9999", "c1")
    assert await buses["g2"].find_gateway("9999") == "g1"
    assert await buses["g1"].find_gateway("9999") is None
    assert await buses["g2"].find_gateway("nobody") is None
    assert 0 < await redis.ttl(presence_key("9999")) <= 15


async def test_a_newer_holder_tells_the_older_one(buses):
    await buses["g1"].hold("9999", "c1")
    await buses["g2"].hold("9999", "c2")
    await until(lambda: bool(buses["g1"].got))
    assert buses["g1"].got == [({"t": "replaced", "party": "9999", "serial": "c1", "from": "g2"}, b"")]
    await buses["g1"].release("9999", "c1")
    buses["g1"]._places.clear()
    assert await buses["g1"].find_gateway("9999") == "g2"


async def test_frames_go_in_order_to_the_named_gateway(buses):
    for number in range(20):
        buses["g1"].send("g2", {"t": "down", "party": "9999", "n": number}, bytes([number]))
    await until(lambda: len(buses["g2"].got) == 20)
    assert [header["n"] for header, _ in buses["g2"].got] == list(range(20))
    assert buses["g1"].got == []


async def test_a_gateway_that_is_gone_is_reported_and_forgotten(buses, redis):
    await redis.set(presence_key("9999"), b"dead/c", ex=15)
    assert await buses["g1"].find_gateway("9999") == "dead"
    lost = []
    buses["g1"].send("dead", {"t": "down", "party": "9999"}, b"x", lambda: lost.append(1))
    await until(lambda: bool(lost))
    assert "9999" not in buses["g1"]._places


async def test_what_waits_to_be_sent_is_bounded(buses):
    frame = bytes(1 << 20)
    sent = sum(buses["g1"].send("g2", {"t": "down", "party": "9999"}, frame) for _ in range(64))
    assert sent < QUEUE_BYTES // len(frame) + 1
    await until(lambda: buses["g1"]._waiting_bytes == 0)


async def test_a_party_that_floods_the_way_leaves_room_for_the_others(buses):
    bus, frame = buses["g1"], bytes(1 << 20)
    sent = sum(bus.send("g2", {"t": "up", "party": "666"}, frame, sender="666") for _ in range(64))
    assert 0 < sent < PARTY_BYTES // len(frame) + 1
    assert not bus.send("g2", {"t": "down", "party": "9999"}, frame, sender="666")
    assert bus.send("g2", {"t": "up", "party": "9999"}, frame, sender="9999")
    assert bus.send("g2", {"t": "down", "party": "9999"}, frame)
    await until(lambda: len(buses["g2"].got) == sent + 2)
    assert bus._by_party == {}
    assert bus.send("g2", {"t": "up", "party": "666"}, frame, sender="666")


async def test_presence_is_refreshed_and_a_foreign_holder_noticed(buses, redis):
    await buses["g1"].hold("mine", "c1")
    await buses["g1"].hold("taken", "c2")
    await redis.delete(presence_key("mine"))
    await redis.set(presence_key("taken"), b"g2/c9", ex=15)
    await buses["g1"]._refresh_once(lambda *who: buses["g1"].replaced.append(who))
    assert await redis.get(presence_key("mine")) == b"g1/c1"
    assert await redis.get(presence_key("taken")) == b"g2/c9"
    assert buses["g1"].replaced == [("taken", "c2")]


async def test_rubbish_on_the_channel_is_refused(buses, redis):
    await redis.publish(gateway_channel("g1"), b"rubbish")
    buses["g2"].send("g1", {"t": "lost", "party": "9999"})
    await until(lambda: bool(buses["g1"].got))
    assert buses["g1"].got[0][0]["t"] == "lost"


async def test_listening_goes_on_after_redis_dropped_the_connection(buses, redis, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    async with asyncio.timeout(60):
        while not buses["g1"].got:
            buses["g2"].send("g1", {"t": "lost", "party": "9999"})
            await asyncio.sleep(0.05)


async def test_a_frozen_redis_does_not_freeze_the_gateway(own_valkey, monkeypatch):
    monkeypatch.setattr(module, "REDIS_S", 0.1)
    said = []
    monkeypatch.setattr(module.log, "warning", lambda _event, error, **_fields: said.append(error), raising=False)
    redis = Redis.from_url(own_valkey)
    bus = GatewayBus(redis, "g1", on_envelope=lambda header, frame: None)
    await bus.start(on_replaced=lambda party, serial: None)
    await redis.execute_command("CLIENT", "PAUSE", "100000", "ALL")
    async with asyncio.timeout(50):
        await bus.hold("9999", "c1")
        assert await bus.find_gateway("1") is None
    assert set(said) == {"the broker does not answer within 0.1 s"}
    await bus.stop()
    await redis.aclose()
