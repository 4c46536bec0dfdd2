"""A gateway with its listener, certificates for its clients, and what speaks their protocol."""

import asyncio
import json
import shutil
import ssl
import struct
import zlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.dialects.flare.listener.console import Console as TextConsole
from api.dialects.flare.listener.files import TrustFiles
from api.dialects.flare.listener.pulls import Pulls
from api.dialects.flare.listener.server import Listener
from fedrota.provision.authority import Authority
from fedrota.provision.project import Participant
from tests.conftest import find_free_port

USERS = {"lead@hq": "lead", "root@hq": "project_admin", "guest@hq": "member", "nobody@hq": "king"}


@dataclass
class Ground:
    """The certificates, in the listener's folder and in one for clients."""

    state: Path
    clients: Path
    authority: Authority

    def issue(self, name: str, role: str) -> None:
        made = self.authority.issue(
            Participant(name=name, type="admin", org="hq", role=role), days=1, now=datetime.now(UTC)
        )
        (self.clients / f"{name}.pem").write_text(made.key + made.certificate)

    def trust(self, name: str = "") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.state / "flare" / "rootCA.pem"))
        context.check_hostname = False
        if name:
            context.load_cert_chain(self.clients / f"{name}.pem")
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """An authority with a server's and some clients' certificates, made once."""
    root = tmp_path_factory.mktemp("certificates")
    (root / "clients").mkdir()
    authority = Authority(root / "flare", "demo")
    made = authority.issue(
        Participant(name="server", type="server", org="hq"), hosts=("127.0.0.1",), days=1, now=datetime.now(UTC)
    )
    (root / "flare" / "server.key").write_text(made.key)
    (root / "flare" / "server.crt").write_text(made.certificate)
    ground = Ground(root, root / "clients", authority)
    for name, role in USERS.items():
        ground.issue(name, role)
    return root


@pytest.fixture
def ground(certificates, tmp_path):
    shutil.copytree(certificates / "flare", tmp_path / "flare")
    return Ground(tmp_path, certificates / "clients", Authority(tmp_path / "flare", "demo"))


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
    monkeypatch.setattr("api.dialects.flare.listener.identity.PROJECT", "p1")
    made = Client(ground, listener.port)
    assert await made.log_in() == "OK"
    return made


@pytest.fixture
def free_port():
    """A port that nobody listens on now."""
    return find_free_port()
