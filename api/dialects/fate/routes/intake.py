"""The body of an upload: its members and its file, wherever the client has put which."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from aiohttp import BodyPartReader, MultipartReader, web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.uploads import Upload, parse_query, parse_upload
from api.keys import SETTINGS
from api.uploads import BLOCK_BYTES, limit_bytes
from scheduler.domain.errors import InvalidDocumentError, Problem

MAX_FIELDS: Final = 100
MAX_FIELD_BYTES: Final = 64 << 10
FILE: Final = "file"

Chunks = Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Intake:
    """An upload and its bytes: `open` begins them anew each time, None where the file lies at the party."""

    upload: Upload
    open: Chunks | None = None


@asynccontextmanager
async def take_upload(request: web.Request) -> AsyncIterator[Intake]:
    """The upload of a request; a file that comes with it is kept in a temporary file until the block ends."""
    if not request.content_type.startswith("multipart/"):
        yield Intake(parse_upload(await _read_local(request), lies_there=True))
        return
    fields = parse_query(request.raw_path.partition("?")[2])
    is_form = not fields
    with _make_file(request) as kept:
        await _read_parts(request, fields, kept)
        upload = parse_upload(fields, is_form=is_form)
        yield Intake(upload, lambda: _read_file(kept))


async def _read_local(request: web.Request) -> dict[str, Any]:
    """The members of an upload whose file lies at the party."""
    members = await read_members(request)
    if str(members.get("use_local_data", 0)) != "0" and not members.get("module"):
        raise FateError(
            RetCode.ARGUMENT,
            "no file came with the request: send it as multipart/form-data, or with use_local_data 0 the path of one "
            "at the party",
        )
    return members


def _make_file(request: web.Request) -> Any:
    """A nameless file beside the store, where there is room for large ones."""
    folder = request.app[SETTINGS].state_dir
    return tempfile.TemporaryFile(dir=folder if folder.is_dir() else None)


async def _read_parts(request: web.Request, fields: dict[str, Any], kept: BinaryIO) -> None:
    """Put the form's texts into `fields`, under the names that the query has not, and its file's bytes into `kept`."""
    has_file = False
    try:
        reader = await request.multipart()
        count = 0
        while (part := await reader.next()) is not None:
            count += 1
            if count > MAX_FIELDS or isinstance(part, MultipartReader):
                raise FateError(RetCode.ARGUMENT, f"the form has more than {MAX_FIELDS} fields, or a form inside")
            if part.name == FILE and part.filename is not None:
                has_file = True
                fields.setdefault(FILE, PurePath(part.filename).name[:200])
                await _keep(request, part, kept)
            elif part.name:
                fields.setdefault(part.name, await _read_text(part))
    except (ValueError, AssertionError) as wrong:
        raise InvalidDocumentError(Problem("body", f"it is no sound form: {wrong}")) from wrong
    if not has_file:
        raise FateError(RetCode.ARGUMENT, "the form has no file: send it as the part 'file' with a file name")


async def _keep(request: web.Request, part: BodyPartReader, kept: BinaryIO) -> None:
    kept.seek(0)
    kept.truncate()
    async for block in limit_bytes(request, _read_part(part)):
        try:
            await asyncio.to_thread(kept.write, block)
        except OSError as wrong:
            raise FateError(RetCode.SERVER, f"Save file error: {wrong.strerror}", status=500) from wrong


async def _read_part(part: BodyPartReader) -> AsyncIterator[bytes]:
    while block := await part.read_chunk(BLOCK_BYTES):
        yield block


async def _read_text(part: BodyPartReader) -> str:
    size, blocks = 0, []
    while block := await part.read_chunk(MAX_FIELD_BYTES):
        size += len(block)
        if size > MAX_FIELD_BYTES:
            raise FateError(RetCode.ARGUMENT, f"the field {part.name!r} has more than {MAX_FIELD_BYTES} bytes"[:200])
        blocks.append(block)
    return b"".join(blocks).decode(errors="replace")


async def _read_file(kept: BinaryIO) -> AsyncIterator[bytes]:
    await asyncio.to_thread(kept.seek, 0)
    while block := await asyncio.to_thread(kept.read, BLOCK_BYTES):
        yield block
