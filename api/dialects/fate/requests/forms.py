"""Multipart bodies as FATE's clients send them: texts, and one file that is kept aside."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from api.bodies import wait_for_body
from api.dialects.fate.errors import FateError, RetCode
from api.uploads import BLOCK_BYTES, limit_bytes
from scheduler.domain.errors import InvalidDocumentError, Problem

FILE: Final = "file"
MAX_PARTS: Final = 100
MAX_FIELD_BYTES: Final = 64 << 10
MAX_NAME: Final = 200
_DAMAGE: Final = (HttpProcessingError, ValueError, AssertionError, RuntimeError, web.RequestPayloadError)
"""What aiohttp's reader raises where headers are malformed or the body ends too early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The texts of a form by name, and what the file that came along is called, None where none did."""

    fields: dict[str, str]
    file: str | None


async def read_form(request: web.Request, kept: IO[bytes]) -> Form:
    """The form; the bytes of its file go into `kept`, the last file's where there are several.

    InvalidDocumentError where it is damaged, TooLargeError or FateError where something in it is too large.
    """
    fields: dict[str, str] = {}
    file, count = None, 0
    try:
        reader = await wait_for_body(request.multipart())
        while (part := await wait_for_body(reader.next())) is not None:
            count += 1
            if count > MAX_PARTS or not isinstance(part, BodyPartReader):
                raise FateError(RetCode.ARGUMENT, f"the form has more than {MAX_PARTS} fields, or a form inside")
            if part.name == FILE and part.filename is not None:
                file = PurePath(part.filename).name[:MAX_NAME]
                await _keep(request, part, kept)
            elif part.name:
                # Newer clients send the file's path at their place beside it, as a text of the same name.
                fields[part.name] = await _read_text(part)
    except _DAMAGE as wrong:
        words = str(wrong).partition("\n")[0][:MAX_NAME] or "its parts are malformed"
        raise InvalidDocumentError(Problem("body", f"it is no sound form: {words}")) from wrong
    return Form(fields=fields, file=file)


async def _keep(request: web.Request, part: BodyPartReader, kept: IO[bytes]) -> None:
    kept.seek(0)
    kept.truncate()
    async for block in limit_bytes(request, _read_blocks(part)):
        try:
            await asyncio.to_thread(kept.write, block)
        except OSError as wrong:
            raise FateError(RetCode.SERVER, f"Save file error: {wrong.strerror}", status=500) from wrong


async def _read_blocks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while block := await wait_for_body(part.read_chunk(BLOCK_BYTES)):
        yield block


async def _read_text(part: BodyPartReader) -> str:
    text = bytearray()
    while block := await wait_for_body(part.read_chunk(MAX_FIELD_BYTES)):
        text += block
        if len(text) > MAX_FIELD_BYTES:
            raise FateError(RetCode.ARGUMENT, f"the field {part.name!r} has more than {MAX_FIELD_BYTES} bytes"[:300])
    return text.decode(errors="replace")
