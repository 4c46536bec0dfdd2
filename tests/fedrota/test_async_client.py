"""The asyncio client against the same gateway; what it shares with the blocking one is tested there."""

import httpx
import pytest
from aiohttp import web

from fedrota import AsyncClient, errors


@pytest.fixture
async def client(gateway):
    async with AsyncClient() as made:
        yield made


async def test_job_and_pages(client, gateway):
    assert (await client.job("j-1")).name == "breast-lr"
    pages = {None: ("a", "c1"), "c1": ("b", None)}

    def answer(request):
        name, cursor = pages[request.query.get("after")]
        return {"items": [{"id": name, "name": name, "state": "success"}], "next": cursor}

    gateway.on("GET", "/jobs", answer)
    assert [job.id async for job in await client.jobs()] == ["a", "b"]


async def test_submit_repeats_with_the_same_key_after_a_broken_connection():
    keys = []

    def answer(request):
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 2:
            raise httpx.ConnectError("refused")
        return httpx.Response(201, json={"id": "j", "name": "x", "state": "waiting"})

    async with AsyncClient("http://gw", "t", transport=httpx.MockTransport(answer)) as client:
        assert (await client.submit({"name": "x"})).id == "j"
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_no_gateway_says_what_to_do():
    async with AsyncClient("http://127.0.0.1:1") as client:
        with pytest.raises(errors.NoGatewayError, match="no gateway at http://127.0.0.1:1: start one"):
            await client.whoami()


async def test_wait_and_resumed_events(client, gateway):
    gateway.job["state"] = "running"
    gateway.after_stream = lambda: gateway.job.update(state="success")
    gateway.break_after = [1]
    assert (await client.wait("j-1")).state == "success"
    assert [event.id async for event in client.events("j-1", after=1)] == [2]


async def test_refusal_becomes_its_error(client):
    with pytest.raises(errors.NotFoundError):
        await client.task("nope")
    with pytest.raises(errors.NotFoundError):
        await anext(aiter(client.events("nope")))


async def test_followed_log_resumes_where_it_broke(client, gateway):
    pieces = client.logs("t-guest", follow=True)
    first = await anext(pieces)
    gateway.log += b"more\n"
    gateway.break_after = [2]
    assert first + "".join([piece async for piece in pieces]) == gateway.log.decode()


async def test_followed_log_waits_for_its_first_page_while_the_gateway_restarts(client, gateway):
    gateway.hold_logs(2)
    assert "".join([piece async for piece in client.logs("t-guest", follow=True)]) == gateway.log.decode()
    gateway.on("GET", "/parties/9999", {"id": "9999", "online": False})
    gateway.hold_logs(1)
    with pytest.raises(errors.UnreachableError, match="is not connected"):
        await anext(client.logs("t-guest", follow=True))


async def test_upload_and_download(client, gateway, tmp_path):
    path = tmp_path / "breast.csv"
    path.write_bytes(b"id,y\n" + b"a,1\n" * 200_000)
    seen = []
    gateway.on("PUT", "/parties/9999/tables/breast", {"party": "9999", "name": "breast", "rows": 2}, 201)
    table = await client.upload("9999", "breast", path, progress=lambda *pair: seen.append(pair))
    assert table.rows == 2
    assert gateway.last.body == path.read_bytes()
    assert seen[-1] == (path.stat().st_size,) * 2
    target = await client.download_output("t-guest", "model", tmp_path / "m")
    assert target.read_bytes() == b"hello"


async def test_a_model_is_exported_and_imported(client, gateway, tmp_path):
    path = await client.export_model("guest-9999#model", "j-1", tmp_path / "m.zip")
    gateway.on("POST", "/models", gateway.answers["GET", "/models/guest-9999%23model/j-1"][1], 201)
    model = await client.import_model(path)
    assert (gateway.last.body, model.version) == (b"PK archive", "j-1")


async def test_files_are_attached_and_read_back(client, gateway, tmp_path):
    path = tmp_path / "w.bin"
    path.write_bytes(bytes(1 << 19))
    gateway.on("POST", "/attachments", {"id": "b1", "size": 1, "sha256": "ab"}, 201)
    seen = []
    await client.submit({"name": "x", "steps": []}, attachments={"w": path}, progress=lambda *pair: seen.append(pair))
    assert gateway.asked[-2].body == path.read_bytes()
    assert gateway.last.json["attachments"] == {"w": "b1"}
    assert seen[-1] == (1 << 19,) * 2
    assert (await client.upload_attachment(path)).id == "b1"
    gateway.on("GET", "/jobs/j-1/attachments", [{"name": "w", "id": "b1"}])
    [found] = await client.attachments("j-1")
    assert found.name == "w"
    gateway.on("GET", "/jobs/j-1/attachments/w", lambda _: web.Response(body=b"hello"))
    assert (await client.download_attachment("j-1", "w", tmp_path / "back")).read_bytes() == b"hello"
