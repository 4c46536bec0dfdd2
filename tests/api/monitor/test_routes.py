import asyncio
import threading

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from api.keys import BROKER, DRAIN
from api.monitor.routes import describe_bind
from config.settings import Settings
from scheduler.queues.names import PULSE
from scheduler.queues.pulse import KEEP_S, write_beat


def samples(raw):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(raw.decode())
        for sample in family.samples
    }


async def test_health_shows_how_the_gateway_is_bound(gateway):
    found = (await gateway.get("/healthz", token=None)).json
    assert (found["status"], found["bind"], found["trust_network"]) == ("alive", "loopback", False)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "loopback"),
        ({"host": "0.0.0.0", "trust_network": True}, "trusted network"),
        ({"host": "0.0.0.0", "tls_cert": "c", "tls_key": "k"}, "tls"),
    ],
)
def test_a_word_for_the_bind(given, word):
    assert describe_bind(Settings(**given)) == word


async def test_readiness_names_what_is_missing(gateway):
    ready = await gateway.get("/readyz", token=None)
    found = ready.json
    assert found.pop("scheduler")
    assert (ready.status, found) == (200, {"ready": True, "store": "ok", "broker": "ok", "draining": False})
    gateway.app[DRAIN].has_begun = True
    assert (await gateway.get("/readyz", token=None)).status == 503


async def test_readiness_without_a_broker(serve, own_valkey):
    gateway = await serve(broker_url=own_valkey)
    with redis.Redis.from_url(own_valkey) as broker:
        broker.shutdown(nosave=True)
    found = await gateway.get("/readyz", token=None)
    assert (found.status, found.json["store"]) == (503, "ok")
    assert found.json["broker"].startswith("not reachable")
    queues = await gateway.get("/queues")
    assert (queues.status, queues.json["items"][0]["knocks"]) == (200, None)


class FrozenBroker:
    """Takes a call and answers none before it is let go, as a stopped process does."""

    def __init__(self):
        self.calls, self.let_go = 0, threading.Event()

    def ping(self):
        self.calls += 1
        assert self.let_go.wait(60)
        raise redis.TimeoutError("frozen")


async def test_a_broker_that_is_frozen_keeps_no_read_waiting(gateway, monkeypatch):
    job, broker = await gateway.submit(), FrozenBroker()
    monkeypatch.setattr(gateway.app[BROKER], "ping", broker.ping)
    probes = [asyncio.create_task(gateway.get("/readyz", token=None)) for _ in range(20)]
    try:
        while not broker.calls:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            assert (await gateway.get(f"/jobs/{job}")).status == 200
        assert not any(probe.done() for probe in probes)
    finally:
        broker.let_go.set()
    answers = await asyncio.gather(*probes)
    assert {(answer.status, answer.json["broker"]) for answer in answers} == {(503, "not reachable: frozen")}
    assert broker.calls == 1, "all who ask at once share one answer"


async def test_a_scheduler_that_is_gone_is_shown_everywhere_and_the_gateway_takes_jobs_all_the_same(serve, own_valkey):
    gateway = await serve(broker_url=own_valkey)

    async def look():
        ready = await gateway.get("/readyz", token=None)
        queue = (await gateway.get("/queues")).json["items"][0]
        found = samples((await gateway.get("/metrics")).raw)
        age = found.get(("fedrota_scheduler_pass_age_seconds",))
        return ready.status, ready.json["scheduler"], queue["reason"], found.get(("fedrota_scheduler_up",)), age

    status, word, reason, is_up, age = await look()
    assert (status, is_up, age) == (200, 0, None)
    assert word == reason
    assert word.startswith("no scheduler has run yet")
    with redis.Redis.from_url(own_valkey) as broker:
        write_beat(broker, late_s=10)
        status, word, reason, is_up, age = await look()
        assert (status, word, is_up) == (200, "ok", 1)
        assert reason.startswith("its worker has never connected")
        assert 0 <= age < 10
        broker.pexpire(PULSE, round((KEEP_S - 3600) * 1000))
        status, word, reason, is_up, age = await look()
        assert (status, is_up) == (200, 0)
        assert word == reason
        assert word.startswith("no scheduler has made a pass for 360")
        assert 3600 <= age < 3700
        broker.shutdown(nosave=True)
    status, word, reason, is_up, age = await look()
    assert (status, is_up, age) == (503, None, None)
    assert reason.startswith("its worker has never connected")
    assert word.startswith("not known")
    assert await gateway.submit()


async def test_metrics_show_parties_jobs_and_requests(gateway):
    await gateway.post("/parties", {"id": "dark"})
    await gateway.submit()
    answer = await gateway.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found = samples(answer.raw)
    for name in ("queue_knocks", "tasks_waiting", "tasks_dispatched", "tasks_running", "slots", "consumers", "online"):
        assert ("fedrota_party_" + name, ("party", "dark")) in found
    assert found["fedrota_party_tasks_waiting", ("party", "9999")] == 1
    assert found["fedrota_party_online", ("party", "9999")] == 1
    assert found["fedrota_party_online", ("party", "dark")] == 0
    assert found["fedrota_jobs", ("state", "waiting")] == 1
    assert found["fedrota_jobs", ("state", "success")] == 0
    route = ("method", "POST"), ("route", "/fedrota/v1/jobs"), ("status", "201")
    assert found["fedrota_requests_total", *route] == 1
    assert found["fedrota_writer_batch_operations_count",] >= 3
    assert found["fedrota_request_seconds_count", ("method", "POST"), ("route", "/fedrota/v1/jobs")] == 1


async def test_metrics_ask_for_a_token(gateway):
    assert (await gateway.get("/metrics", token=None)).status == 401
    assert (await gateway.get("/metrics", token="worker-9999")).status == 403
