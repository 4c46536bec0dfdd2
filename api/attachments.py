"""Files that clients attach to jobs: taken in piece by piece, handed out again piece by piece."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Mapping

from aiohttp import web

from api.bridge import utc_now
from api.keys import READER, SETTINGS, WRITER
from scheduler.domain.access import Principal
from scheduler.domain.errors import InvalidDocumentError, Problem, TooLargeError
from scheduler.service.attachments import PIECE_BYTES, add_piece, begin_blob, drop_blob, end_blob
from scheduler.store.queries.attachments import Blob, find_blobs, find_piece
from scheduler.store.tx import Tx


async def store_blob(app: web.Application, by: Principal, chunks: AsyncIterable[bytes]) -> Blob:
    """Store a file; all of it or nothing. TooLargeError where it is larger than the installation allows."""
    blob = await app[WRITER].write(lambda tx: begin_blob(tx, owner=by.name, project=by.project, now=utc_now()))
    digest, size, position = hashlib.sha256(), 0, 0
    try:
        async for piece in _cut(chunks):
            size += len(piece)
            _check_size(app, size)
            digest.update(piece)
            await _add(app, blob, position, piece)
            position += 1
        _check_not_empty(size)
        await app[WRITER].write(lambda tx: end_blob(tx, blob, size=size, sha256=digest.hexdigest()))
    except BaseException:
        await app[WRITER].write(lambda tx: drop_blob(tx, blob))
        raise
    return (await app[READER].read(lambda tx: find_blobs(tx, [blob])))[blob]


def _check_size(app: web.Application, size: int) -> None:
    limit = app[SETTINGS].attachment_limit_bytes
    if size > limit:
        raise TooLargeError(f"the file is larger than the limit of {limit} bytes (FEDROTA_ATTACHMENT_LIMIT_BYTES)")


def _check_not_empty(size: int) -> None:
    if not size:
        raise InvalidDocumentError(Problem("body", "is empty", "Send the file's bytes as the body."))


async def _add(app: web.Application, blob: str, position: int, piece: bytes) -> None:
    await app[WRITER].write(lambda tx: add_piece(tx, blob, position, piece))


async def _cut(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of PIECE_BYTES, the last one shorter."""
    kept = bytearray()
    async for chunk in chunks:
        kept += chunk
        while len(kept) >= PIECE_BYTES:
            yield bytes(kept[:PIECE_BYTES])
            del kept[:PIECE_BYTES]
    if kept:
        yield bytes(kept)


async def read_blob(app: web.Application, blob: Blob) -> AsyncIterator[bytes]:
    """A file's pieces in their order."""
    for position in range(-(-blob.size // PIECE_BYTES)):
        piece = await _find(app, blob.id, position)
        if piece is None:
            raise ConnectionResetError(f"file {blob.id} was deleted while it was read")
        yield piece


async def _find(app: web.Application, blob: str, position: int) -> bytes | None:
    return await app[READER].read(lambda tx: find_piece(tx, blob, position))


def check_attachments(tx: Tx, attached: Mapping[str, str], by: Principal) -> list[Problem]:
    """What is wrong with the files that a job is to carry: only whole ones of the caller's project can be."""
    blobs = find_blobs(tx, attached.values())
    return [
        Problem(f"attachments.{name}", f"there is no uploaded file {blob!r}.", "Upload it first: POST /attachments.")
        for name, blob in attached.items()
        if blob not in blobs or blobs[blob].project != by.project
    ]
