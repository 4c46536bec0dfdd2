"""Readiness, asked of real sockets."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from fedrota.up import probes


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """What answers is heard, however long a busy machine takes."""
    monkeypatch.setattr(probes, "ANSWER_S", 60.0)


@pytest.fixture
async def web():
    """A server in this process that answers each path as told: {path: (status, body)}."""
    answers = {}
    heard = []

    async def handle(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heard.append(head)
        status, body = answers.get(head.split()[1], (404, "{}"))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", answers, heard


async def test_a_gateway_is_ready_when_its_own_socket_answers_200(web):
    url, answers, _ = web
    probe = probes.serves(url, "/readyz")
    assert not await probe(os.getpid())
    answers["/readyz"] = (503, "draining")
    assert not await probe(os.getpid())
    answers["/readyz"] = (200, "ok")
    assert await probe(os.getpid())


async def test_another_process_on_the_same_port_does_not_count(web):
    url, answers, _ = web
    answers["/readyz"] = (200, "ok")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert not await probes.serves(url, "/readyz")(other.pid)
        other.stdin.close()


async def test_a_worker_is_ready_when_connected_and_online(web, tmp_path):
    url, answers, heard = web
    token = tmp_path / "token"
    token.write_text("frt_1_secret\n")
    probe = probes.is_online(url, "9999", token)
    path = "/fedrota/v1/parties/9999"
    assert not await probe(os.getpid()), "no connection yet"
    _, writer = await asyncio.open_connection("127.0.0.1", probes.port_of(url))
    answers[path] = (200, '{"online": tr')
    assert not await probe(os.getpid()), "cut off"
    answers[path] = (200, '{"online": false}')
    assert not await probe(os.getpid())
    answers[path] = (200, '{"online": true}')
    assert await probe(os.getpid())
    assert "Authorization: Bearer frt_1_secret\r\n" in heard[-1]
    writer.close()


async def test_a_silent_port_is_not_ready_and_does_not_hang(monkeypatch):
    monkeypatch.setattr(probes, "ANSWER_S", 0.1)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = mute.getsockname()[1]
        assert not await probes.pings(port, "x")(0)
        assert not await probes.serves(f"http://127.0.0.1:{port}", "/readyz")(os.getpid())


async def test_a_process_that_is_gone_is_not_ready():
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert not await probes.is_connected(1)(int(gone.stdout))


async def test_a_broker_is_ready_when_it_answers_ping(own_valkey):
    with __import__("redis").Redis.from_url(own_valkey) as client:
        client.config_set("requirepass", "secret")
    port = probes.port_of(own_valkey)
    assert await probes.pings(port, "secret")(0)
    assert not await probes.pings(port, "wrong")(0)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://a", 80),
        ("https://a", 443),
        ("https://a:9", 9),
        ("redis://:pw@a/0", 6379),
        ("redis+socket:///a", 0),
    ],
)
def test_the_port_of_a_url(url, port):
    assert probes.port_of(url) == port
