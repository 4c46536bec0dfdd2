"""The listener's connections: at most so many, TLS on each, one request, one reply."""

import asyncio
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from api.bridge import utc_now
from api.dialects.flare.command import Reply
from api.dialects.flare.errors import FlareError
from api.dialects.flare.listener.console import Console, FileReply, Peer, describe
from api.dialects.flare.listener.framing import (
    BLOCK_BYTES,
    LARGE_AT_ONCE,
    LARGE_S,
    MAX_REST_BYTES,
    MAX_TEXT_BYTES,
    FramingError,
    Request,
    read_request,
    write_file,
    write_reply,
)
from api.dialects.flare.listener.old_files import write_chunks
from api.dialects.flare.listener.pulls import Pulls
from api.dialects.flare.listener.sockets import accept, bind
from api.dialects.flare.requests.identity import read_serial
from api.dialects.flare.requests.trust import FilesError, TrustFiles
from api.dialects.flare.responses import make_refusal, render_reply
from api.keys import SETTINGS
from scheduler.domain.errors import FedrotaError

log: Final = structlog.get_logger()

MAX_CONNECTIONS: Final = 512
"""With more, the one that has waited longest without a request is closed for the newest; each costs 0.3 MB for TLS."""
HANDSHAKE_S: Final = 10.0
LINGER_S: Final = 2.0


class ListenError(Exception):
    """The port cannot be bound; the text says what to change."""


@dataclass(eq=False, slots=True)
class Visit:
    """One connection."""

    has_asked: bool = False


class Listener:
    """Serves text clients on a port of its own; `start` and `close` once each."""

    def __init__(self, console: Console, files: TrustFiles, *, takes_large: bool = False) -> None:
        self._console = console
        self._files = files
        self._large = asyncio.Semaphore(LARGE_AT_ONCE) if takes_large else None
        self._visits: dict[asyncio.Task[None], Visit] = {}
        self._sockets: Sequence[socket.socket] = ()
        self._takers: Sequence[asyncio.Task[None]] = ()
        self._last_complaint = ""

    async def start(self, host: str, port: int, *, reuse_port: bool = False) -> int:
        """Listen; the port. ListenError where it cannot be bound."""
        try:
            self._sockets = await bind(host, port, reuse_port=reuse_port)
        except OSError as wrong:
            raise ListenError(f"{host}:{port} cannot be bound ({wrong}): choose another FEDROTA_FLARE_PORT") from wrong
        found = int(self._sockets[0].getsockname()[1])
        log.info("flare_listener_starts", host=host, port=found, certificates=str(self._files.folder))
        self._load()
        self._takers = [asyncio.create_task(self._take(each)) for each in self._sockets]
        return found

    async def close(self) -> None:
        """End every connection."""
        tasks = [*self._takers, *self._visits]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in self._sockets:
            each.close()

    async def _take(self, listening: socket.socket) -> None:
        """Let clients in, each when it has a place: those before it are really gone, whatever comes in one burst."""
        while True:
            await self._make_room()
            connection = await accept(listening)
            visit = Visit()
            task = asyncio.create_task(self._visit(visit, connection))
            self._visits[task] = visit
            task.add_done_callback(self._visits.pop)
            await asyncio.sleep(0)

    async def _make_room(self) -> None:
        while len(self._visits) >= count_places():
            idle = next((task for task, visit in self._visits.items() if not visit.has_asked), next(iter(self._visits)))
            idle.cancel()
            await asyncio.wait([idle])

    async def _visit(self, visit: Visit, connection: socket.socket) -> None:
        context = self._load()
        if context is None:
            connection.close()
            return
        try:
            reader, writer = await _secure(connection, context)
            await self._serve(visit, reader, writer)
        except (OSError, TimeoutError, FramingError, asyncio.IncompleteReadError) as wrong:
            log.info("flare_connection_ended", reason=str(wrong)[:200] or type(wrong).__name__)
            # asyncio's frames hold the exception and the connection's buffers in a circle: 0.3 MB until a collection.
            wrong.__traceback__ = None

    def _load(self) -> ssl.SSLContext | None:
        """The TLS context; None where there are no usable certificates, which is logged once."""
        try:
            return self._files.load().context
        except FilesError as wrong:
            if str(wrong) != self._last_complaint:
                log.warning("flare_listener_waits", reason=str(wrong))
                self._last_complaint = str(wrong)
            return None

    async def _serve(self, visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(visit, reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()

    async def _answer(self, visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = self._find_peer(writer)
        try:
            request = await read_request(reader, None if peer.is_revoked else self._large)
        except FlareError as wrong:
            await _send(writer, make_refusal(wrong))
            return
        visit.has_asked = True
        answer = await self._console.answer(request, peer)
        log.debug("flare_command", user=describe(peer), command=request.command.partition(" ")[0][:60])
        await _drop_rest(request)
        await _send(writer, answer)
        await _part(reader)

    def _find_peer(self, writer: asyncio.StreamWriter) -> Peer:
        found = writer.get_extra_info("ssl_object").getpeercert() or {}
        return Peer(certificate=found, is_revoked=read_serial(found) in self._files.load().revoked)


def count_places() -> int:
    """How many connections there may be: MAX_CONNECTIONS, or half of the files that the process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if files == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, files // 2)


async def _secure(
    connection: socket.socket, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Shake hands; OSError or TimeoutError where that fails, and the connection is closed."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_TEXT_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, connection, ssl=context, ssl_handshake_timeout=HANDSHAKE_S
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _drop_rest(request: Request) -> None:
    """Take what is left of a refused file: its sender reads no answer before it has sent it."""
    if request.upload is not None:
        with suppress(FedrotaError, TimeoutError):
            async with asyncio.timeout(LARGE_S):
                await _drop(request.upload)


async def _drop(pieces: AsyncIterator[bytes]) -> None:
    taken = 0
    async for piece in pieces:
        taken += len(piece)
        if taken > MAX_REST_BYTES:
            return


async def _send(writer: asyncio.StreamWriter, answer: Reply | FileReply) -> None:
    if isinstance(answer, FileReply):
        with answer.file:
            await (write_chunks if answer.is_old else write_file)(writer, answer.file, answer.size)
    else:
        await write_reply(writer, render_reply(answer, utc_now()))


async def _part(reader: asyncio.StreamReader) -> None:
    """Let the client close first, for a moment: it has what it asked for."""
    try:
        async with asyncio.timeout(LINGER_S):
            while await reader.read(BLOCK_BYTES):
                pass
    except TimeoutError:
        return


async def run_listener(app: web.Application) -> AsyncIterator[None]:
    """Listen while the app runs, where FEDROTA_FLARE_PORT names a port."""
    settings = app[SETTINGS]
    if not settings.flare_port:
        yield
        return
    pulls = Pulls()
    console = Console(app, pulls, serves_old=settings.flare_old_uploads)
    listener = Listener(console, TrustFiles(settings.state_dir), takes_large=settings.flare_old_uploads)
    await listener.start(settings.host, settings.flare_port, reuse_port=settings.reuse_port)
    yield
    await listener.close()
    pulls.close()
