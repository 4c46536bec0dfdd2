import redis

from scheduler.queues.knock import publish_knocks


async def test_queues_show_every_party_offline_ones_too(gateway):
    await gateway.post("/parties", {"id": "dark"})
    await gateway.submit()
    queues = {queue["party"]: queue for queue in (await gateway.get("/queues")).json["items"]}
    assert queues.keys() == {"9999", "10000", "dark"}
    assert (queues["9999"]["waiting"], queues["9999"]["consumers"], queues["9999"]["queue"]) == (1, 1, "party.9999")
    assert queues["9999"]["oldest_s"] >= 0
    assert (queues["dark"]["knocks"], queues["dark"]["consumers"], queues["dark"]["oldest_s"]) == (0, 0, None)


async def test_queues_tell_what_lies_in_the_broker(gateway, broker_url):
    await gateway.submit()
    with redis.Redis.from_url(broker_url) as broker:
        publish_knocks(broker, gateway.dispatch())
    assert {queue["knocks"] for queue in (await gateway.get("/queues")).json["items"]} == {1}
