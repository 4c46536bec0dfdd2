import asyncio
import os
import threading

import pytest
from redis.asyncio import Redis

from api.agent.gateway_bus import presence_key
from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError, Problem, UnreachableError
from scheduler.domain.frames import CALL_WINDOW_BYTES
from scheduler.domain.messages import Knock
from tests.party_channel import Gateway, Worker, open_attempt, until
from workers.calls.serving import Answer


def echo(args, body):
    return Answer(result={"args": args, "size": sum(len(piece) for piece in body)})


def echo_no_body(args, body):
    return Answer(result={"args": args})


def stream(args, body):
    def pieces():
        for number in range(args["count"]):
            yield bytes([number % 256]) * args["size"]

    return Answer(result={"total": args["count"] * args["size"]}, body=pieces())


def refuse(args, body):
    raise {
        "conflict": ConflictError("there is one already"),
        "invalid": InvalidDocumentError(Problem(where="line 3", message="too short", hint="add a field")),
        "missing": NotFoundError("table", "a/b"),
    }[args["how"]]


def fail_late(args, body):
    def pieces():
        yield b"some"
        raise ConflictError("the file changed")

    return Answer(body=pieces())


def crash(args, body):
    raise ZeroDivisionError


RELEASE = threading.Event()


def wait(args, body):
    RELEASE.wait(60)
    return Answer()


OPS = {
    "wait": wait,
    "echo": echo,
    "quick": echo_no_body,
    "stream": stream,
    "refuse": refuse,
    "fail_late": fail_late,
    "crash": crash,
}


async def until_held(redis, gateway):
    """Until every gateway can find party 9999 at this one: its worker is connected a moment earlier."""
    async with asyncio.timeout(60):
        while not (await redis.get(presence_key("9999")) or b"").startswith(gateway.hub.gateway.encode()):
            await asyncio.sleep(0.005)


@pytest.fixture(params=["one gateway", "two gateways"])
async def hub_and_worker(request, broker_url, tmp_path):
    """The hub that is asked, and a worker that is connected to it, or to another gateway."""
    if request.param == "one gateway":
        near = far = await Gateway(group={}).start()
        redis = None
    else:
        redis = Redis.from_url(broker_url)
        near = await Gateway(group={}, redis=redis).start()
        far = await Gateway(group={}, redis=redis).start()
    worker = await Worker("9999", far.url, tmp_path / "9999", ops=OPS).start()
    worker.hub = far.hub
    await until(lambda: "9999" in far.hub._connections)
    if redis is not None:
        await until_held(redis, far)
    yield near.hub, worker
    await worker.stop()
    await near.stop()
    if redis is not None:
        await far.stop()
        await redis.aclose()


async def test_a_call_is_answered(hub_and_worker):
    hub, _ = hub_and_worker
    assert await hub.is_connected("9999")
    assert await hub.call("9999", "quick", {"a": 1}) == {"args": {"a": 1}}


async def test_a_stream_larger_than_the_window_arrives_whole(hub_and_worker):
    hub, _ = hub_and_worker
    async with hub.call_stream("9999", "stream", {"count": 30, "size": 600_000}) as answer:
        assert answer.result == {"total": 18_000_000}
        got = b"".join([chunk async for chunk in answer.chunks])
    assert len(got) == 18_000_000
    assert got[599_999:600_001] == b"\0\1"


async def test_a_reader_that_leaves_early_frees_the_party(hub_and_worker):
    hub, worker = hub_and_worker
    for _ in range(20):  # more than the party takes at once
        async with hub.call_stream("9999", "stream", {"count": 100, "size": 1_000_000}) as answer:
            async for _chunk in answer.chunks:
                break
        await until(lambda: not worker.channel._calls._calls)
    assert await hub.call("9999", "quick", {}) == {"args": {}}


async def test_an_upload_arrives_whole(hub_and_worker):
    hub, _ = hub_and_worker

    async def body():
        for _ in range(12):
            yield os.urandom(1_000_000)

    assert await hub.call_upload("9999", "echo", {}, body()) == {"args": {}, "size": 12_000_000}


async def test_an_upload_that_is_refused_ends_without_reading_the_rest(hub_and_worker):
    hub, _ = hub_and_worker
    read = 0

    async def body():
        nonlocal read
        while read < 1000:
            read += 1
            yield bytes(1_000_000)

    with pytest.raises(ConflictError, match="there is one already"):
        await hub.call_upload("9999", "refuse", {"how": "conflict"}, body())
    assert read <= CALL_WINDOW_BYTES // 1_000_000 + 3


async def test_the_partys_errors_come_as_they_were_raised(hub_and_worker):
    hub, _ = hub_and_worker
    with pytest.raises(InvalidDocumentError) as invalid:
        await hub.call("9999", "refuse", {"how": "invalid"})
    assert invalid.value.problems == (Problem(where="line 3", message="too short", hint="add a field"),)
    with pytest.raises(NotFoundError) as missing:
        await hub.call("9999", "refuse", {"how": "missing"})
    assert (missing.value.kind, missing.value.identity) == ("table", "a/b")
    with pytest.raises(NotFoundError):
        await hub.call("9999", "no_such_op", {})


async def test_an_error_in_mid_stream_reaches_the_reader(hub_and_worker):
    hub, _ = hub_and_worker
    with pytest.raises(ConflictError, match="the file changed"):
        async with hub.call_stream("9999", "fail_late", {}) as answer:
            assert [chunk async for chunk in answer.chunks] == [b"some"]


async def test_a_crashing_operation_is_an_error_and_the_channel_lives_on(hub_and_worker):
    hub, _ = hub_and_worker
    with pytest.raises(Exception, match="failed to answer crash"):
        await hub.call("9999", "crash", {})
    assert await hub.call("9999", "quick", {}) == {"args": {}}


async def test_a_silent_party_is_unreachable_in_time(hub_and_worker):
    hub, _ = hub_and_worker
    with pytest.raises(UnreachableError, match=r"did not answer echo within 0.2 s"):
        await hub.call("9999", "echo", {}, timeout_s=0.2)


async def test_an_absent_party_is_unreachable_at_once(hub_and_worker):
    hub, _ = hub_and_worker
    assert not await hub.is_connected("1")
    with pytest.raises(UnreachableError, match="party 1 is not connected"):
        await hub.call("1", "quick", {})


async def test_a_call_fails_as_soon_as_the_party_is_gone(hub_and_worker):
    hub, worker = hub_and_worker
    waiting = asyncio.create_task(hub.call("9999", "echo", {}, timeout_s=100))
    await until(lambda: bool(worker.channel._calls._calls))
    worker.channel._connection.transport.abort()
    with pytest.raises(UnreachableError, match="lost its connection"):
        async with asyncio.timeout(30):
            await waiting


async def test_no_call_waits_while_a_connection_closes(hub_and_worker):
    """A socket may take seconds to close; what waits for its party must not, and what comes then is refused."""
    hub, worker = hub_and_worker

    async def body():
        yield b"rows"

    RELEASE.clear()
    waiting = asyncio.create_task(hub.call_upload("9999", "wait", {}, body()))
    await until(lambda: bool(worker.channel._calls._calls))
    await asyncio.sleep(0.05)
    connection = next(hub._connections["9999"] for hub in (hub, worker.hub) if "9999" in hub._connections)
    connection.end()  # its socket stays open
    with pytest.raises(UnreachableError, match="lost its connection"):
        async with asyncio.timeout(30):
            await waiting
    with pytest.raises(UnreachableError):
        async with asyncio.timeout(30):
            await hub.call_upload("9999", "echo", {}, body())
    RELEASE.set()


async def test_stops_and_knocks_reach_the_runner(hub_and_worker):
    hub, worker = hub_and_worker
    await hub.stop("9999", "t1", 3, "canceled")
    assert await hub.knock("9999", [Knock("t1", 3), Knock("t2", 1, held=True)])
    await until(lambda: bool(worker.knocks and worker.stops))
    assert worker.stops == [("t1", 3, "canceled")]
    assert worker.knocks == [Knock("t1", 3), Knock("t2", 1, held=True)]


async def test_stop_of_an_absent_party_is_no_error(hub_and_worker):
    hub, _ = hub_and_worker
    await hub.stop("1", "t1", 3, "canceled")
    assert not await hub.knock("1", [Knock("t1", 3)])


async def test_a_newer_worker_replaces_the_older_one(hub_and_worker, tmp_path):
    hub, worker = hub_and_worker
    ops = {"quick": lambda args, body: Answer(result={"new": 1})}
    newer = await Worker("9999", worker.url, tmp_path / "newer", ops=ops).start()
    await until(lambda: not worker.channel.is_connected)
    assert await hub.call("9999", "quick", {}) == {"new": 1}
    await newer.stop()


async def test_a_party_can_be_found_while_a_newer_worker_replaces_the_older_one(hub_and_worker, tmp_path, monkeypatch):
    hub, worker = hub_and_worker
    bus = worker.hub._bus
    if bus is not None:  # the newer one's presence is written late
        given = bus.hold

        async def hold(party, serial):
            await asyncio.sleep(0.5)
            await given(party, serial)

        monkeypatch.setattr(bus, "hold", hold)
    newer = await Worker("9999", worker.url, tmp_path / "newer", ops=OPS).start()
    await until(lambda: not worker.channel.is_connected)
    await asyncio.sleep(0.2)  # the end of the older one has been dealt with
    assert await hub.call("9999", "quick", {}) == {"args": {}}
    await newer.stop()


@pytest.fixture
async def shared_redis(broker_url):
    redis = Redis.from_url(broker_url)
    yield redis
    await redis.aclose()


@pytest.fixture
async def two_gateways(shared_redis):
    group = {}
    gateways = [await Gateway(group=group, redis=shared_redis).start() for _ in range(2)]
    yield gateways
    for gateway in gateways:
        await gateway.stop()


async def test_exchange_works_across_gateways(two_gateways, tmp_path):
    workers = {
        "guest": await Worker("9999", two_gateways[0].url, tmp_path / "9999").start(),
        "host": await Worker("10000", two_gateways[1].url, tmp_path / "10000").start(),
    }
    open_attempt(workers, two_gateways[0].group)
    big = os.urandom(24 << 20)
    sending = asyncio.create_task(workers["guest"].send("guest", "host", "w", big))
    assert await workers["host"].recv("host", "guest", "w") == (big, "")
    assert await sending == ""
    await workers["host"].send("host", "guest", "ok", b"1")
    assert await workers["guest"].recv("guest", "host", "ok") == (b"1", "")
    for worker in workers.values():
        await worker.stop()


async def test_what_a_party_sends_across_gateways_counts_as_its_own(two_gateways, tmp_path, monkeypatch):
    """Exchange frames, and answers to calls: neither may fill the way that all parties share."""
    here, there = two_gateways
    ops = {"stream": stream}
    workers = {
        "guest": await Worker("9999", here.url, tmp_path / "9999", ops=ops).start(),
        "host": await Worker("10000", there.url, tmp_path / "10000").start(),
    }
    open_attempt(workers, here.group)
    senders = []
    bus, send = here.hub._bus, here.hub._bus.send

    def note(*given, sender="", **named):
        senders.append(sender)
        return send(*given, sender=sender, **named)

    monkeypatch.setattr(bus, "send", note)
    await workers["guest"].send("guest", "host", "x", b"through")
    assert await workers["host"].recv("host", "guest", "x") == (b"through", "")
    assert set(senders) == {"9999"}
    senders.clear()
    async with there.hub.call_stream("9999", "stream", {"count": 3, "size": 10}) as answer:
        assert b"".join([chunk async for chunk in answer.chunks])
    assert set(senders) == {"9999"}
    for worker in workers.values():
        await worker.stop()


async def test_a_worker_that_moves_to_another_gateway_is_found_there(two_gateways, shared_redis, tmp_path):
    first, second = two_gateways
    worker = await Worker("9999", first.url, tmp_path / "9999", ops=OPS).start()
    await until_held(shared_redis, first)
    assert await second.hub.call("9999", "quick", {}) == {"args": {}}
    await worker.stop()
    worker = await Worker("9999", second.url, tmp_path / "9999", ops=OPS).start()
    await until(lambda: "9999" in second.hub._connections and "9999" not in first.hub._connections)
    async with asyncio.timeout(30):
        while not await first.hub.is_connected("9999"):
            await asyncio.sleep(0.05)
    assert await first.hub.call("9999", "quick", {}) == {"args": {}}
    await worker.stop()


async def test_a_worker_that_appears_elsewhere_replaces_the_connection_here(two_gateways, tmp_path):
    first, second = two_gateways
    older = await Worker("9999", first.url, tmp_path / "9999", ops=OPS).start()
    await until(lambda: "9999" in first.hub._connections)
    newer = await Worker("9999", second.url, tmp_path / "newer", ops=OPS).start()
    await until(lambda: not older.channel.is_connected)
    assert newer.channel.is_connected
    await older.stop()
    await newer.stop()


async def test_a_call_through_a_gateway_that_was_killed_fails(two_gateways, shared_redis, tmp_path, monkeypatch):
    monkeypatch.setattr("api.agent.hub.PLACE_CHECK_S", 0.05)
    monkeypatch.setattr("api.agent.gateway_bus.CACHE_S", 0.0)
    near, far = two_gateways
    near.hub._watching[0].cancel()
    near.hub._watching = [asyncio.create_task(near.hub._watch(near.hub._bus))]
    worker = await Worker("9999", far.url, tmp_path / "9999", ops=OPS).start()
    await until_held(shared_redis, far)
    waiting = asyncio.create_task(near.hub.call("9999", "echo", {}, timeout_s=100))
    await until(lambda: bool(worker.channel._calls._calls))
    await asyncio.sleep(0.3)
    assert not waiting.done(), "a call to a living gateway must go on"
    far.hub._connections["9999"].callers.clear()  # it cannot say goodbye
    await far.hub._bus.release("9999", far.hub._connections["9999"].serial)  # as its presence expires
    with pytest.raises(UnreachableError, match="lost its connection"):
        async with asyncio.timeout(30):
            await waiting
    await worker.stop()
