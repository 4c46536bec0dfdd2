import asyncio

import aiohttp
import orjson
import pytest

from api import streams
from api.keys import FEED, READER
from api.streams import STREAMS


async def read_stream(gateway, job, *, after=None, until="end", on_event=None):
    """The frames of a stream as (id, name, data)."""
    headers = {"Authorization": f"Bearer {gateway.tokens['admin']}", "Accept": "text/event-stream"}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    frames = []
    url = gateway.server.make_url(f"/fedrota/v1/jobs/{job}/events")
    async with asyncio.timeout(60), gateway.session.get(url, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        text = b""
        async for block in answer.content.iter_any():
            text += block
            *whole, text = text.split(b"\n\n")
            for frame in whole:
                fields = dict(line.split(b": ", 1) for line in frame.split(b"\n"))
                frames.append(
                    (fields.get(b"id"), fields.get(b"event", b"").decode(), orjson.loads(fields.get(b"data", b"{}")))
                )
                if on_event:
                    await on_event(frames[-1])
                if frames[-1][1] == until:
                    return frames
    return frames


async def test_a_page_of_events(gateway):
    job = await gateway.submit()
    await gateway.run_tasks()
    every = (await gateway.get(f"/jobs/{job}/events?limit=1000")).json["items"]
    assert [event["event"] for event in every if event["level"] == "job"] == ["submitted", "claimed", "succeeded"]
    assert every[-1].keys() == {
        "id", "level", "event", "job", "step", "task", "role", "party", "attempt", "state", "reason", "at"
    }  # fmt: skip
    page = (await gateway.get(f"/jobs/{job}/events?limit=2")).json
    following = (await gateway.get(f"/jobs/{job}/events?limit=1000&after={page['next']}")).json
    assert [*page["items"], *following["items"]] == every
    assert following["next"] is None


async def test_a_stream_tells_everything_and_ends_with_the_job(gateway):
    job = await gateway.submit()
    watching = asyncio.create_task(read_stream(gateway, job))
    await asyncio.sleep(0.05)
    await gateway.run_tasks()
    frames = await watching
    every = (await gateway.get(f"/jobs/{job}/events?limit=1000")).json["items"]
    assert [data for _, name, data in frames if name != "end"] == every
    assert frames[-1][1:] == ("end", {"state": "success"})


async def test_news_comes_at_once_not_with_the_safety_net(gateway, monkeypatch):
    monkeypatch.setattr("api.native.events.LOOK_AGAIN_S", 100.0)
    job = await gateway.submit()
    watching = asyncio.create_task(read_stream(gateway, job))
    await asyncio.sleep(0.05)
    began = asyncio.get_running_loop().time()
    await gateway.post(f"/jobs/{job}/stop")
    await watching
    assert asyncio.get_running_loop().time() - began < 50


async def test_news_of_another_gateway_comes_over_the_broker(serve, monkeypatch):
    monkeypatch.setattr("api.native.events.LOOK_AGAIN_S", 100.0)
    one, two = await serve(), await serve()
    for party in ("9999", "10000"):
        await one.hello(party)
    job = await one.submit()
    watching = asyncio.create_task(read_stream(two, job))
    await asyncio.sleep(0.2)
    await one.post(f"/jobs/{job}/stop")
    assert (await watching)[-1][1] == "end"


async def test_what_nobody_announces_is_found_by_the_safety_net(gateway):
    job = await gateway.submit()
    watching = asyncio.create_task(read_stream(gateway, job, until="dispatched"))
    await asyncio.sleep(0.1)
    gateway.dispatch()  # another process, which tells nobody
    assert (await watching)[-1][1] == "dispatched"


async def test_a_stream_is_resumed_after_the_last_event_seen(gateway):
    job = await gateway.submit()
    await gateway.run_tasks()
    frames = await read_stream(gateway, job)
    third = int(frames[2][0])
    resumed = await read_stream(gateway, job, after=third)
    assert resumed == frames[3:]


async def test_an_ended_job_ends_the_stream_at_once(gateway):
    job = await gateway.submit()
    await gateway.post(f"/jobs/{job}/stop")
    last = (await gateway.get(f"/jobs/{job}/events?limit=1000")).json["items"][-1]["id"]
    assert await read_stream(gateway, job, after=last) == [(None, "end", {"state": "canceled"})]


async def test_a_quiet_stream_shows_that_it_lives(gateway, monkeypatch):
    monkeypatch.setattr("api.native.events.LOOK_AGAIN_S", 0.02)
    monkeypatch.setattr("api.native.events.ALIVE_S", 0.05)
    job = await gateway.submit()
    headers = {"Authorization": f"Bearer {gateway.tokens['admin']}", "Accept": "text/event-stream"}
    url = gateway.server.make_url(f"/fedrota/v1/jobs/{job}/events")
    async with asyncio.timeout(60), gateway.session.get(url, headers=headers) as answer:
        text = b""
        while b": still here" not in text:
            text += await answer.content.readany()


@pytest.mark.parametrize("given", ["x", "-1", "9" * 30])
async def test_a_wrong_resume_is_named(gateway, given):
    job = await gateway.submit()
    answer = await gateway.get(f"/jobs/{job}/events", headers={"Accept": "text/event-stream", "Last-Event-ID": given})
    assert answer.status == 422
    assert "header Last-Event-ID" in answer.problems


async def test_streams_end_when_the_gateway_drains(gateway):
    job = await gateway.submit()
    watching = asyncio.create_task(read_stream(gateway, job))
    await asyncio.sleep(0.1)
    gateway.server.runner._shutdown_timeout = 100.0
    began = asyncio.get_running_loop().time()
    await gateway.server.close()
    try:
        frames = await watching
    except aiohttp.ClientError:
        frames = []
    assert asyncio.get_running_loop().time() - began < 50
    assert all(name != "end" for _, name, _ in frames)


async def test_a_stream_ends_with_its_callers_token(gateway, monkeypatch, caplog):
    """However often its caller goes on failing with it."""
    monkeypatch.setattr(streams, "CHECK_S", 1000.0)
    issued = (await gateway.post("/tokens", {"kind": "user", "name": "guest", "role": "member"})).json
    job = await gateway.submit()
    headers = {"Authorization": f"Bearer {issued['secret']}", "Accept": "text/event-stream"}
    url = gateway.server.make_url(f"/fedrota/v1/jobs/{job}/events")
    async with asyncio.timeout(60), gateway.session.get(url, headers=headers) as answer:
        assert b"submitted" in await answer.content.readany()
        assert (await gateway.call("DELETE", f"/tokens/{issued['id']}")).status == 204
        while (await gateway.get("/whoami", token=issued["secret"])).status != 429:
            pass
        monkeypatch.setattr(streams, "CHECK_S", 0.0)
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()
    assert "was revoked" in caplog.text


async def test_a_crowd_that_watches_a_job_has_nobody_refused(gateway, monkeypatch):
    """Each piece of news makes all of them read at once."""
    monkeypatch.setattr(gateway.app[READER], "_limit", 40)
    monkeypatch.setattr(gateway.app[STREAMS], "_turns", asyncio.Semaphore(5))
    job = await gateway.submit()
    crowd = []
    while len(crowd) < 80:
        crowd += [asyncio.create_task(read_stream(gateway, job)) for _ in range(10)]
        while len(gateway.app[FEED]._watchers.get(job, ())) < len(crowd):
            await asyncio.sleep(0.01)
    statuses = {(await gateway.get(f"/jobs/{job}")).status for _ in range(20)}
    await gateway.run_tasks()
    every = await asyncio.gather(*crowd)
    assert statuses == {200}
    assert {frames[-1][1] for frames in every} == {"end"}
