"""The bridge's door tried from outside: other users, broken uploads, strangers, no gateway."""

import json
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fedrota import Client
from fedrota.up.ports import find_free_port
from tests.clients.install import install
from tests.contract.dialects.flare.running import HERE, LEAVER, MEMBER, USER, System, wait_for

VERSION = "nvflare-2.9.0"
IDLE = 50
REFUSED = {"other", "revoked", "away"}
"""They try to log in until their time is over; the others have as much as they need."""


def try_bridge(system: System) -> dict[str, Any]:
    """What each of them was answered."""
    names = {"member": (MEMBER, MEMBER), "other": (MEMBER, USER), "leaver": (LEAVER, LEAVER)}
    found = {**log_in(system, names), **send_large(system)}
    with disturb(system) as is_stranger_answered:
        revoke(system, LEAVER)
        found |= log_in(system, {"afterwards": (MEMBER, MEMBER), "revoked": (LEAVER, LEAVER)})
    found["is_stranger_answered"] = is_stranger_answered
    return {**found, "without_gateway": try_without_gateway(system)}


def log_in(system: System, names: Mapping[str, tuple[str, str]], *, port: int = 0) -> Any:
    """What an unmodified client was answered, for each name with the kit and the user: login, lists, a submission."""
    words = []
    for name, (kit, user) in names.items():
        folder = system.kit(kit, name)
        if port:
            config = folder / "startup" / "fed_admin.json"
            config.write_text(config.read_text().replace(f'"port": {system.bridge}', f'"port": {port}'))
        words += [name, str(folder), user, "5" if name in REFUSED else "120"]
    job = shutil.copytree(system.folder / "job", system.folder / f"job-{'-'.join(names)}")
    argv = [str(install(VERSION)), str(HERE / "bridge_calls.py"), str(job), *words]
    return json.loads(system.run(argv).splitlines()[-1])


def send_large(system: System) -> dict[str, Any]:
    """A job of several chunks: once broken off in the middle, once whole."""
    kit, job = system.kit(USER, "large"), system.folder / "large"
    argv = [str(install(VERSION)), str(HERE / "bridge_break.py"), str(kit), USER, str(job)]
    said = system.run(argv).splitlines()[-1]
    before = count_large(system)
    whole = json.loads(system.run([*argv, "whole"]).splitlines()[-1])
    return {"broken": said, "large_before": before, "large": whole, "large_after": count_large(system)}


def count_large(system: System) -> int:
    """How many jobs of that name there are."""
    with Client(system.url, system.token) as client:
        return sum(job.name == "large" for job in client.jobs(limit=500))


@contextmanager
def disturb(system: System) -> Iterator[bool]:
    """Idle connections and bytes without meaning; whether somebody without a certificate was answered."""
    address = ("127.0.0.1", system.bridge)
    idle = [socket.create_connection(address) for _ in range(IDLE)]
    for content in (b"\x00" * 4096, b"GET / HTTP/1.1\r\n\r\n", secrets.token_bytes(65_536)):
        with socket.create_connection(address) as stranger:
            stranger.sendall(content)
    yield is_answered(address, system.folder / "state/flare/rootCA.pem")
    for each in idle:
        each.close()


def is_answered(address: tuple[str, int], authority: Path) -> bool:
    """Whether somebody without a certificate gets anything at all to read."""
    context = ssl.create_default_context(cafile=str(authority))
    try:
        with (
            socket.create_connection(address) as plain,
            context.wrap_socket(plain, server_hostname=address[0]) as stranger,
        ):
            stranger.sendall(b"GET /f3 HTTP/1.1\r\nHost: x\r\n\r\n")
            return bool(stranger.recv(100))
    except (ssl.SSLError, ConnectionError):
        return False


def revoke(system: System, user: str) -> None:
    """End a user's certificate."""
    project, kits = system.folder / "project.yml", system.folder / "kits"
    system.fedrota("provision", str(project), "--out", str(kits), "--revoke", user)


def try_without_gateway(system: System) -> dict[str, Any]:
    """A client of a bridge whose gateway is away, and how that bridge ends."""
    port = find_free_port()
    with start_bridge(system, port, f"http://127.0.0.1:{find_free_port()}") as bridge:
        answers = log_in(system, {"away": (USER, USER)}, port=port)
        bridge.send_signal(signal.SIGTERM)
        return {"answers": answers["away"], "status": bridge.wait(60)}


@contextmanager
def start_bridge(system: System, port: int, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A bridge by itself, as somebody starts it by hand."""
    log = system.folder / f"bridge-{port}.out"
    argv = [str(install(VERSION)), "-m", "fedrota.bridge", "--port", str(port), "--url", url]
    argv += ["--certificates", str(system.folder / "state/flare")]
    with log.open("wb") as out, subprocess.Popen(argv, cwd=system.repository, stdout=out, stderr=out) as bridge:
        try:
            wait_for(lambda: bridge.poll() is not None or "ready" in log.read_text(), "the bridge is not ready")
            assert bridge.poll() is None, log.read_text()
            yield bridge
        finally:
            bridge.kill()
