"""A gateway with its listener, and what speaks the protocol of its clients."""

import asyncio
import io
import json
import struct
import zipfile
import zlib
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from api.dialects.flare.command import PULL_FOLDER, Command, Reply
from api.dialects.flare.listener.console import Console as TextConsole
from api.dialects.flare.listener.pulls import Pulls
from api.dialects.flare.listener.server import Listener
from api.dialects.flare.requests.trust import TrustFiles
from api.dialects.flare.routes import table
from fedrota.up.ports import find_free_port
from tests.api.dialects.flare.requests.kits import Ground


@dataclass
class Client:
    """One user at one port; each command is a connection of its own, as FLARE's client does it."""

    ground: Ground
    port: int
    user: str = "lead@hq"
    token: str = ""

    @asynccontextmanager
    async def connect(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.ground.trust(self.user))
        try:
            yield reader, writer
        finally:
            writer.close()

    def make_request(self, command, **meta):
        items = [{"type": "command", "data": command}]
        if self.token:
            items.append({"type": "token", "data": self.token})
        return json.dumps({"time": "now", "data": items, "meta": meta}).encode()

    async def send(self, command, **meta):
        async with self.connect() as (reader, writer):
            writer.write(self.make_request(command, **meta) + b"\x03\x04")
            return parse(await asyncio.wait_for(reader.readuntil(b"\x04"), 60))

    async def upload(self, command, body, *, crc=None):
        async with self.connect() as (reader, writer):
            writer.write(frame(self.make_request(command), body, crc))
            return parse(await asyncio.wait_for(reader.readuntil(b"\x04"), 60))

    async def pull(self, command):
        """The file with which a command is answered."""
        async with self.connect() as (reader, writer):
            writer.write(self.make_request(command) + b"\x03\x04")
            assert await reader.readexactly(1) == b"\x01"
            text_size, size = struct.unpack(">IQ", await reader.readexactly(12))
            assert text_size == 0
            body = await reader.readexactly(size)
            assert struct.unpack(">II", await reader.readexactly(8)) == (0, zlib.crc32(body))
            return body

    async def log_in(self):
        reply = await self.send(f"_cert_login {self.user}")
        found = [item["data"] for item in reply["data"]]
        if found[0] == "OK":
            self.token = found[1]
        return found[0]


def parse(raw):
    assert raw.endswith(b"\x03\x04")
    assert raw.isascii()
    return json.loads(raw[:-2])


def frame(text, body, crc=None):
    checksum = zlib.crc32(body) if crc is None else crc
    return b"\x01" + struct.pack(">IQ", len(text), len(body)) + text + body + struct.pack(">II", 0, checksum)


@asynccontextmanager
async def listen(console, ground, *, serves_old=False):
    """A listener on any free port; its `port`."""
    app = console.gateway.app
    pulls = Pulls()
    made = Listener(TextConsole(app, pulls, serves_old=serves_old), TrustFiles(ground.state), takes_large=serves_old)
    made.port = await made.start("127.0.0.1", 0)
    yield made
    await made.close()
    pulls.close()


@pytest.fixture
async def listener(console, ground):
    async with listen(console, ground) as made:
        yield made


@pytest.fixture
async def client(listener, ground, monkeypatch):
    """The lead, logged in; certificates belong to the tests' project."""
    monkeypatch.setattr("api.dialects.flare.requests.identity.DEFAULT_PROJECT", "p1")
    made = Client(ground, listener.port)
    assert await made.log_in() == "OK"
    return made


@pytest.fixture
def free_port():
    """A port that nobody listens on now."""
    return find_free_port()


def make_result():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("workspace/log.txt", "done\n")
        archive.writestr("job/hello/meta.json", "{}")
        archive.writestr("meta.json", '{"a": 1}')
    return file.getvalue()


@pytest.fixture
def result(monkeypatch):
    """A command that answers with a result; how often it was asked."""
    asked = []

    async def download(call):
        """Download."""

        async def pieces():
            yield make_result()

        asked.append(list(call.words))
        return Reply(meta={"status": "ok", "info": ""}, download=pieces())

    command = Command(name="fetch", scope="job", serve=download, usage="", client_cmd=PULL_FOLDER)
    monkeypatch.setattr(table, "_BY_NAME", {**table._BY_NAME, "fetch": command})
    return asked
