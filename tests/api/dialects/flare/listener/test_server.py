import asyncio
import gc
import socket
import struct
from asyncio.sslproto import SSLProtocol
from contextlib import suppress
from dataclasses import replace

import pytest

from api.dialects.flare.listener import framing, server
from api.dialects.flare.listener.server import ListenError
from tests.api.dialects.flare.requests.jobs import pack_job


async def raw(port, data):
    """What comes back for bytes without TLS; the connection must end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), 60)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 70000]
)
async def test_garbage_is_answered_by_closing(client, data):
    await raw(client.port, data)
    assert (await client.send("list_jobs"))["meta"]["status"] == "ok"


@pytest.mark.parametrize(
    "data",
    [
        b"no json\x03\x04",
        b"[]\x03\x04",
        b'{"data": 1}\x03\x04',
        b'{"data": [1]}\x03\x04',
        b"[" * 100_000 + b"\x03\x04",
        b"\xff\xfe\x03\x04",
        b"\x01" + struct.pack(">IQ", 1 << 31, 5),
        b"\x01" + struct.pack(">IQ", 4, 5) + b"oops",
        b"x" * (2 << 20),
    ],
)
async def test_what_is_no_request_is_answered_by_closing(client, data):
    async with client.connect() as (reader, writer):
        writer.write(data)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 60) == b""
    assert (await client.send("list_jobs"))["meta"]["status"] == "ok"


async def test_a_client_without_a_certificate_gets_nothing(client, ground):
    async def ask():
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port, ssl=ground.trust())
        writer.write(client.make_request("list_jobs") + b"\x03\x04")
        await reader.readexactly(1)

    with pytest.raises((OSError, asyncio.IncompleteReadError)):  # TLS 1.3 tells the client only when it reads
        await ask()


async def test_a_client_that_leaves_in_the_middle_of_an_upload_leaves_no_job(client):
    body = pack_job(folder="hello")
    async with client.connect() as (_reader, writer):
        text = client.make_request("submit_job hello")
        writer.write(b"\x01" + struct.pack(">IQ", len(text), len(body)) + text + body[: len(body) // 2])
        await writer.drain()
    assert (await client.send("list_jobs"))["meta"]["jobs"] == []


async def test_a_refused_file_that_never_ends_is_given_up(client, monkeypatch):
    monkeypatch.setattr(server, "LARGE_S", 0.2)
    client.token = ""
    text = client.make_request("submit_job hello")
    async with client.connect() as (reader, writer):
        writer.write(b"\x01" + struct.pack(">IQ", len(text), 1 << 20) + text)
        assert b"session_inactive" in await asyncio.wait_for(reader.readuntil(b"\x04"), 20)


async def test_a_silent_client_is_given_up(client, monkeypatch):
    monkeypatch.setattr(framing, "IDLE_S", 0.2)
    async with client.connect() as (reader, _writer):
        assert await asyncio.wait_for(reader.read(), 60) == b""


async def test_a_client_that_shakes_no_hands_is_given_up(listener, monkeypatch):
    monkeypatch.setattr(server, "HANDSHAKE_S", 0.2)
    assert await raw(listener.port, b"") == b""


async def test_a_thousand_idle_connections_do_not_keep_others_out(client, listener):
    idle = [await asyncio.open_connection("127.0.0.1", client.port) for _ in range(1000)]
    assert (await client.send("list_jobs"))["meta"]["status"] == "ok"
    for _reader, writer in idle:
        writer.close()


async def test_with_too_many_connections_the_oldest_idle_one_is_closed(client, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    idle = [await asyncio.open_connection("127.0.0.1", client.port) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert (await client.send("list_jobs"))["meta"]["status"] == "ok"
    assert await asyncio.wait_for(idle[0][0].read(), 60) == b""
    for _reader, writer in idle:
        writer.close()


async def test_a_burst_of_connections_gets_no_more_places_than_there_are(client, listener, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 10)
    burst = [socket.socket() for _ in range(200)]
    for each in burst:
        each.setblocking(False)
        with suppress(BlockingIOError):
            each.connect(("127.0.0.1", client.port))
    most = 0
    for _ in range(500):
        await asyncio.sleep(0)
        most = max(most, len(listener._visits))
    assert most == 10
    assert (await client.send("list_jobs"))["meta"]["status"] == "ok"
    for each in burst:
        each.close()


@pytest.mark.parametrize("data", [b"", b"no handshake"])
async def test_what_shakes_no_hands_leaves_nothing_in_memory(client, data):
    await raw(client.port, b"GET /")
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            _reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
            writer.write(data)
            writer.close()
            await writer.wait_closed()
        await client.send("list_jobs")
        await asyncio.sleep(0.2)
        kept = sum(isinstance(each, SSLProtocol) for each in gc.get_objects())
    finally:
        gc.enable()
    assert kept <= 2  # those of the last command, both ends


async def test_it_waits_for_certificates_and_takes_new_ones_at_once(client, ground):
    key = ground.state / "flare" / "server.key"
    kept = key.read_text()
    key.unlink()
    assert await raw(client.port, b"") == b""
    key.write_text(kept)
    assert (await client.send("list_jobs"))["meta"]["status"] == "ok"


async def test_a_taken_port_is_named(listener):
    with pytest.raises(ListenError, match=f"127.0.0.1:{listener.port} cannot be bound.*FEDROTA_FLARE_PORT"):
        await listener.start("127.0.0.1", listener.port)


async def test_it_runs_with_the_app_where_a_port_is_set(serve, ground, free_port):
    gateway = await serve(flare_port=free_port)
    reader, writer = await asyncio.open_connection("127.0.0.1", free_port, ssl=ground.trust("lead@hq"))
    writer.write(b'{"data": [{"type": "command", "data": "_cert_login lead@hq"}]}\x03\x04')
    assert b'"OK"' in await reader.readuntil(b"\x04")
    writer.close()
    await gateway.server.close()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", free_port)


async def test_answers_are_ascii_whatever_they_say(client):
    await client.upload("submit_job hello", pack_job(folder="hello", name="größe"))
    rows = (await client.send("list_jobs"))["meta"]["jobs"]
    assert [row["job_name"] for row in rows] == ["größe"]
    assert replace(client).token == client.token


@pytest.mark.parametrize(("files", "places"), [(-1, 512), (100_000, 512), (512, 256)])
def test_the_gateways_other_connections_keep_half_of_the_files(monkeypatch, files, places):
    monkeypatch.setattr(server.resource, "getrlimit", lambda _which: (files, files))
    assert server.count_places() == places
