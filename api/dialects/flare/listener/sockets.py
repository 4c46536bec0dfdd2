"""The sockets that a listener listens on; what asks for a connection waits in the kernel until it is taken."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final

import structlog

log: Final = structlog.get_logger()

WAITING: Final = 1024
"""So many may ask for a connection before one is taken."""
RETRY_S: Final = 1.0


async def bind(host: str, port: int, *, reuse_port: bool = False) -> Sequence[socket.socket]:
    """A listening socket for each address of the host; OSError where one cannot be had."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((each[0], each[4]) for each in found):
            made = socket.create_server(address[:2], family=family, backlog=WAITING, reuse_port=reuse_port)
            made.setblocking(False)  # noqa: FBT003  its only argument
            sockets.append(made)
    except OSError:
        for made in sockets:
            made.close()
        raise
    return sockets


async def accept(listening: socket.socket) -> socket.socket:
    """The next connection; where the process has no file left for it, it is tried again."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            connection, _ = await loop.sock_accept(listening)
        except OSError as wrong:
            log.warning("flare_connection_not_taken", reason=str(wrong), again_in_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
        else:
            return connection
