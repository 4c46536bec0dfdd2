"""FLARE's wire up to 2.6: a JSON text ended by 0x03 0x04, or a binary frame of a text and a file, either way.

Source: NVIDIA FLARE 2.5.2, modules `nvflare.fuel.hci.proto` and `nvflare.fuel.hci.binary_proto`.
"""

import asyncio
import json
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol

from api.bodies import parse_json
from api.dialects.flare.errors import FlareError, MetaStatus
from scheduler.domain.errors import InvalidDocumentError

LINE_END: Final = b"\x03"
ALL_END: Final = b"\x04"
BINARY: Final = b"\x01"
MAX_TEXT_BYTES: Final = 1 << 20
MAX_LARGE_BYTES: Final = 32 << 20
"""So long a text may be where jobs come inside their command; it lies on the disk while it comes."""
LARGE_AT_ONCE: Final = 2
"""So many of those are in memory at a time."""
LARGE_S: Final = 300.0
"""A large text, or what is left of a refused file, that takes longer is given up."""
MAX_REST_BYTES: Final = 64 << 20
"""So much of what is refused is still taken, so that its sender reads why."""
IDLE_S: Final = 30.0
"""A client that sends or takes nothing for so long is given up."""
BLOCK_BYTES: Final = 64 << 10
SPOOL_BYTES: Final = 4 << 20
_HEADER: Final = struct.Struct(">IQ")
_FOOTER: Final = struct.Struct(">II")


class Out(Protocol):
    """What takes bytes for a client."""

    def write(self, data: bytes) -> None:
        """Put them to what waits to be sent."""

    async def drain(self) -> None:
        """Wait until the client has taken enough of it."""


class FramingError(Exception):
    """What came is no request; the connection can only be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: its command line, the session's token, its meta, and the file that comes with it."""

    command: str
    token: str
    meta: Mapping[str, Any]
    upload: AsyncIterator[bytes] | None = None


async def read_request(reader: asyncio.StreamReader, large: asyncio.Semaphore | None = None) -> Request:
    """The next request, its file still to be read; FramingError where it is none, TimeoutError where it is slow.

    With `large`, a text may have MAX_LARGE_BYTES, and the semaphore says how many such texts are parsed at a time.
    """
    try:
        async with asyncio.timeout(IDLE_S):
            first = await reader.readexactly(1)
            if first == BINARY:
                text_size, size = _HEADER.unpack(await reader.readexactly(_HEADER.size))
                if text_size > MAX_TEXT_BYTES:
                    raise FramingError(f"a text of {text_size} bytes")
                return _parse(await reader.readexactly(text_size), read_file(reader, size))
            text = await _read_text(reader, is_large_taken=large is not None)
        if text is None and large is not None:
            with tempfile.TemporaryFile() as file:
                file.write(first)
                async with asyncio.timeout(LARGE_S):
                    await _read_large(reader, file)
                async with large:
                    return await asyncio.to_thread(_parse_file, file)
        return _parse(first + (text or b""), None)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as wrong:
        raise FramingError(str(wrong)) from wrong


async def _read_text(reader: asyncio.StreamReader, *, is_large_taken: bool) -> bytes | None:
    """A text with its end; None where it is a large one, of which nothing was taken yet."""
    try:
        return await reader.readuntil(ALL_END)
    except asyncio.LimitOverrunError:
        if is_large_taken:
            return None
        raise


async def _read_large(reader: asyncio.StreamReader, file: IO[bytes]) -> None:
    """FlareError where it is too large; then it is read past, since its sender reads no answer before its end."""
    piece, taken = b"", 0
    while ALL_END not in piece:
        async with asyncio.timeout(IDLE_S):
            piece = await reader.read(MAX_TEXT_BYTES)
        taken += len(piece)
        if not piece or taken > MAX_LARGE_BYTES + MAX_REST_BYTES:
            raise FramingError(f"a text without an end in {taken} bytes")
        if taken <= MAX_LARGE_BYTES:
            await asyncio.to_thread(file.write, piece)
    if taken > MAX_LARGE_BYTES:
        most = MAX_LARGE_BYTES * 3 // 4 >> 20
        message = f"a client of 2.4 can send {most} MiB of packed files at most: take a newer one for this job"
        raise FlareError(MetaStatus.INVALID_JOB_DEFINITION, message)


async def read_file(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    """The pieces of a frame's file; FlareError where it breaks off or its checksum is another."""
    left, crc = size, 0
    try:
        while left:
            async with asyncio.timeout(IDLE_S):
                piece = await reader.read(min(left, BLOCK_BYTES))
            if not piece:
                raise FlareError(MetaStatus.ERROR, f"the file broke off {left} bytes before its end")
            left -= len(piece)
            crc = zlib.crc32(piece, crc)
            yield piece
        async with asyncio.timeout(IDLE_S):
            mark, sent = _FOOTER.unpack(await reader.readexactly(_FOOTER.size))
    except (asyncio.IncompleteReadError, TimeoutError) as wrong:
        raise FlareError(MetaStatus.ERROR, "the file did not come whole") from wrong
    if mark or sent != crc:
        raise FlareError(MetaStatus.ERROR, f"checksum mismatch: received {sent} != {crc}")


def _parse_file(file: IO[bytes]) -> Request:
    file.seek(0)
    return _parse(file.read(), None)


def _parse(text: bytes, upload: AsyncIterator[bytes] | None) -> Request:
    try:
        given = parse_json(text.replace(LINE_END, b"").replace(ALL_END, b""))
    except InvalidDocumentError as wrong:
        raise FramingError(wrong.message) from wrong
    items = given.get("data") if isinstance(given, dict) else None
    meta = given.get("meta") if isinstance(given, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise FramingError("no list of items")
    return Request(
        command=_find_text(items, "command"),
        token=_find_text(items, "token"),
        meta=meta if isinstance(meta, dict) else {},
        upload=upload,
    )


def _find_text(items: list[dict[str, Any]], kind: str) -> str:
    found = next((item.get("data") for item in items if item.get("type") == kind), "")
    return found if isinstance(found, str) else ""


async def write_reply(writer: Out, reply: Mapping[str, Any]) -> None:
    """Send a reply; in ASCII, since these clients decode each kilobyte by itself."""
    writer.write(json.dumps(reply, default=str).encode() + LINE_END + ALL_END)
    await drain(writer)


async def write_file(writer: Out, file: IO[bytes], size: int) -> None:
    """Send the next `size` bytes of a file as a frame without a text."""
    writer.write(BINARY + _HEADER.pack(0, size))
    crc = 0
    while size:
        piece = await asyncio.to_thread(file.read, min(size, BLOCK_BYTES))
        if not piece:
            raise FramingError("the file became shorter")
        size -= len(piece)
        crc = zlib.crc32(piece, crc)
        writer.write(piece)
        await drain(writer)
    writer.write(_FOOTER.pack(0, crc))
    await drain(writer)


async def drain(writer: Out) -> None:
    """Wait until the client takes more; TimeoutError where it takes nothing for IDLE_S."""
    async with asyncio.timeout(IDLE_S):
        await writer.drain()


async def spool(chunks: AsyncIterator[bytes]) -> IO[bytes]:
    """The chunks in a temporary file, at its beginning; the caller closes it."""
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115  the caller closes it
    try:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
