"""The embedded broker, started for real."""

import asyncio
import socket

import pytest
import redis

from fedrota.up import broker
from fedrota.up.broker import find_server, make_broker, render_config
from fedrota.up.errors import UpError
from fedrota.up.folder import make_folder
from fedrota.up.probes import port_of
from fedrota.up.spawn import kill_family, spawn
from fedrota.up.voice import Terminal, Voice


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "a folder with spaces")


async def serve_once(folder, use):
    """Start it, wait until it is ready, use its URL, end it in order."""
    program, url = make_broker(folder)
    spawned = await spawn(program, Voice("broker", file=folder.logs / "broker.log", terminal=Terminal(quiet=True)))
    try:
        async with asyncio.timeout(60):
            while not await program.ready(spawned.pid):
                await asyncio.sleep(0.02)
            found = await asyncio.to_thread(use, url)
            spawned.process.terminate()
            assert await spawned.end() == 0
    finally:
        kill_family(spawned.pid)
    return found


async def test_messages_port_and_password_survive_a_restart(folder):
    def leave(url):
        with redis.Redis.from_url(url) as client:
            client.lpush("party.9999", "knock")
        return url

    def take(url):
        with redis.Redis.from_url(url) as client:
            return url, client.rpop("party.9999"), client.config_get("maxmemory-policy")["maxmemory-policy"]

    first = await serve_once(folder, leave)
    assert await serve_once(folder, take) == (first, b"knock", "noeviction")


async def test_nobody_gets_in_without_the_password(folder):
    def probe(url):
        with socket.create_connection(("127.0.0.1", port_of(url))) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")

    await serve_once(folder, probe)


def test_the_password_is_in_no_argument(folder):
    program, url = make_broker(folder)
    password = url.partition(":@")[0].removeprefix("redis://:").partition("@")[0]
    assert len(password) >= 40
    assert not any(password in word for word in program.argv)
    assert (folder.broker / "broker.conf").stat().st_mode & 0o777 == 0o600


def test_a_server_on_path_comes_first(tmp_path, monkeypatch):
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == server


def test_without_any_server_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(broker.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UpError, match="--broker redis://"):
        find_server()


def test_the_folder_is_quoted(tmp_path):
    assert 'dir "/a \\"b\\""' in render_config(port=1, password="x", folder=tmp_path.__class__('/a "b"'))
