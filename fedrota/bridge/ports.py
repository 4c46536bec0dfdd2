"""Whether the bridge's port is free before it starts, and open afterwards: nvflare's library tells neither."""

import socket
import time
from typing import Final

from fedrota.bridge.errors import BridgeError

OPEN_S: Final = 10.0


def check_free(host: str, port: int) -> None:
    """BridgeError where the address cannot be bound."""
    try:
        with socket.create_server((host, port)):
            return
    except OSError as wrong:
        raise BridgeError(f"{host}:{port} cannot be bound ({wrong}): choose another --port or --host") from wrong


def wait_until_open(host: str, port: int, *, within_s: float = OPEN_S) -> None:
    """Return once connections are taken; BridgeError where none are within `within_s` seconds."""
    until = time.monotonic() + within_s
    address = ("127.0.0.1" if host == "0.0.0.0" else host, port)
    while True:
        try:
            with socket.create_connection(address, timeout=1.0):
                return
        except OSError as wrong:
            if time.monotonic() > until:
                raise BridgeError(f"{host}:{port} takes no connections ({wrong}): look at the lines above") from wrong
            time.sleep(0.05)
