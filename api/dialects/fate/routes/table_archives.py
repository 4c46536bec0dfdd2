"""Gzipped tars of rows, streamed: nothing of them lies in memory or on a disk here."""

import json
import re
import tarfile
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.agent.hub import UPLOAD_REPLY_S, Stream
from api.dialects.fate.routes.table_access import Source
from api.dialects.fate.vocabulary.prediction_columns import name_columns
from api.party_calls import read_size, take_exactly
from scheduler.domain.errors import FedrotaError

GZIP: Final = 31
"""zlib's word for gzip with the largest window."""
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")

Open = Callable[[], AbstractAsyncContextManager[Stream]]


@dataclass(frozen=True, slots=True)
class Member:
    """What becomes `<name>.csv` and `<name>.meta` in the archive."""

    name: str
    open: Open
    folder: str = ""
    """The folder of both within the archive."""
    rename: Callable[[Any], list[str]] = name_columns
    """What the columns are called in the archive."""


def open_rows(request: web.Request, source: Source, *, limit: int | None) -> Open:
    """The rows of a source as CSV without a header; its result has columns and size."""
    args: dict[str, Any] = {**source.args, "header": False} | ({} if limit is None else {"limit": limit})
    hub = request.app[CHANNEL_HUB]
    return lambda: hub.call_stream(source.party, "table.rows", args, timeout_s=UPLOAD_REPLY_S)


async def send_archive(
    request: web.Request, name: str, members: Sequence[Member], *, has_header: bool, media: str = "application/x-tar"
) -> web.StreamResponse:
    """Answer with the archive; a party that cannot be asked for the first member is an error, with no byte sent.

    Where a later one breaks off, so does the connection: an archive that looks whole must be.
    """
    response = web.StreamResponse(
        headers={
            "Content-Type": media,
            # Old clients take the name as it stands, quotation marks and all.
            "Content-Disposition": f"attachment; filename={_PLAIN.sub('_', name)}",
        }
    )
    packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
    try:
        for member in members:
            async with member.open() as rows:
                if not response.prepared:
                    await response.prepare(request)
                async for block in _pack(member, rows, has_header=has_header):
                    await response.write(packer.compress(block))
    except FedrotaError as wrong:
        if response.prepared:
            raise ConnectionResetError(f"the archive broke off: {wrong.message}") from wrong
        raise
    await response.write(packer.compress(bytes(2 * tarfile.BLOCKSIZE)) + packer.flush())
    await response.write_eof()
    return response


async def _pack(member: Member, rows: Stream, *, has_header: bool) -> AsyncIterator[bytes]:
    columns, name = member.rename(rows.result.get("columns")), _PLAIN.sub("_", member.name)
    name = f"{_PLAIN.sub('_', member.folder)}/{name}" if member.folder else name
    header = _render_header(columns) if has_header else b""
    length = read_size(rows)
    size = len(header) + length
    yield _make_head(f"{name}.csv", size) + header
    async for chunk in take_exactly(rows, length):  # else a party could write further members, with any path
        yield chunk
    yield _fill(size)
    meta = json.dumps({"header": columns}, indent=4).encode()
    yield _make_head(f"{name}.meta", len(meta)) + meta + _fill(len(meta))


def _render_header(columns: Sequence[str]) -> bytes:
    return f"{','.join(columns)}\n".encode()


def _make_head(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry.tobuf(tarfile.GNU_FORMAT)


def _fill(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
