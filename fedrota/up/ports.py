"""Free ports, chosen once and remembered."""

import errno
import random
import socket
from pathlib import Path
from typing import Final

import psutil

from fedrota.up.errors import UpError

PORTS: Final = range(12_000, 32_000)
"""Below those that a system gives to whoever asks for any: nobody is given one of these between the look and the bind."""


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on the port at the moment, and this user may."""
    return not _try(host, port)


def _try(host: str, port: int) -> int:
    """0 where the port can be listened on, else EADDRINUSE or EACCES; UpError where the host is none of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as wrong:
            if wrong.errno in {errno.EADDRINUSE, errno.EACCES}:
                return wrong.errno
            raise UpError(f"cannot listen on {host}: {wrong.strerror}; give another --host") from wrong
    return 0


def find_free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on; it is to be bound only after a while."""
    for port in random.SystemRandom().sample(PORTS, 100):
        if is_free(host, port):
            return port
    raise UpError(f"100 ports of {host} between {PORTS.start} and {PORTS.stop} are taken; name a free one")


def remembered_port(path: Path) -> int:
    """The loopback port in the file if it is free, else a new one, written there."""
    text = path.read_text().strip() if path.exists() else ""
    if text.isdecimal() and 0 < int(text) < 65536 and is_free("127.0.0.1", int(text)):
        return int(text)
    port = find_free_port()
    path.write_text(f"{port}\n")
    return port


def next_free_port(first: int) -> int:
    """The first free loopback port from `first` on; any free one when 20 are taken."""
    span = range(first, min(first + 20, 65536))
    return next((port for port in span if is_free("127.0.0.1", port)), 0) or find_free_port()


def claim_port(host: str, port: int, *, option: str = "--port") -> int:
    """`port` itself, or a free one for 0; UpError naming the holder when it is taken, or forbidden to this user."""
    if port == 0:
        return find_free_port(host)
    another = f"give another {option}{' (0: any free one)' if option == '--port' else ''}"
    wrong = _try(host, port)
    if wrong == errno.EACCES:
        raise UpError(f"this user may not listen on port {port}, as on most below 1024: {another}")
    if wrong:
        stop = "Stop that process (`fedrota down` stops another fedrota)"
        raise UpError(f"port {port} is taken{_holder(port)}. {stop}, or {another}")
    return port


def _holder(port: int) -> str:
    try:
        listening = [
            link.pid
            for link in psutil.net_connections("inet")
            if link.status == psutil.CONN_LISTEN and link.laddr and link.laddr.port == port and link.pid
        ]
        return f" by process {listening[0]} ({psutil.Process(listening[0]).name()})" if listening else ""
    except psutil.Error:
        return ""
