"""The body of `model/import`: an archive, and the fields that older clients lose on the way."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from api.dialects.fate.errors import FateError
from api.keys import SETTINGS

PART: Final = "file"
MAX_FIELDS: Final = 100
MAX_FIELD_BYTES: Final = 64 << 10
PIECE_BYTES: Final = 256 << 10
IN_MEMORY_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """What the fields say; SDK 1.5.0 sends none of them, then the archive says it."""

    fields: dict[str, str]
    model_id: str
    model_version: str
    role: str
    party: str
    force_update: bool


@asynccontextmanager
async def take_archive(request: web.Request) -> AsyncIterator[tuple[IO[bytes], ImportWish]]:
    """The archive as an open file, and the wish; FateError (400) where the form has no file, or it is damaged."""
    if request.content_type != "multipart/form-data":
        raise _refuse("`file` is required: send the archive as a multipart/form-data part of that name")
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        fields, digest = await _read_form(request, file)
        if digest is None:
            raise _refuse("`file` is required")
        if fields.get("hash") and fields["hash"].lower() != digest:
            raise _refuse(f"the archive is damaged: its SHA-256 is {digest}, not {fields['hash'][:80]}")
        file.seek(0)
        yield file, _parse_wish(fields)


async def _read_form(request: web.Request, file: IO[bytes]) -> tuple[dict[str, str], str | None]:
    """The text fields, and the SHA-256 of the file, None where there is none."""
    fields: dict[str, str] = {}
    digest = None
    try:
        form = await request.multipart()
        while (part := await form.next()) is not None:
            if not isinstance(part, BodyPartReader) or len(fields) >= MAX_FIELDS:
                raise _refuse(f"the form has parts within parts, or more than {MAX_FIELDS} fields")
            if part.name == PART and part.filename is not None:
                digest = await _keep(request, part, file)
            elif part.name:
                # Newer clients send the file's path at their place beside it, as a text of the same name.
                fields[part.name] = await _read_text(part)
    except (HttpProcessingError, ValueError, AssertionError, RuntimeError) as wrong:
        raise _refuse(f"the form cannot be read ({type(wrong).__name__})") from wrong
    return fields, digest


async def _keep(request: web.Request, part: BodyPartReader, file: IO[bytes]) -> str:
    limit, size = request.app[SETTINGS].upload_limit_bytes, 0
    digest = hashlib.sha256()
    file.seek(0)
    file.truncate()
    while piece := await part.read_chunk(PIECE_BYTES):
        size += len(piece)
        if size > limit:
            raise _refuse(f"the archive is larger than the limit of {limit} bytes (FEDROTA_UPLOAD_LIMIT_BYTES)")
        digest.update(piece)
        await asyncio.to_thread(file.write, piece)
    return digest.hexdigest()


async def _read_text(part: BodyPartReader) -> str:
    text = bytearray()
    while piece := await part.read_chunk():
        text += piece
        if len(text) > MAX_FIELD_BYTES:
            raise _refuse(f"the field {part.name} is longer than {MAX_FIELD_BYTES} bytes")
    return text.decode()


def _parse_wish(fields: dict[str, str]) -> ImportWish:
    return ImportWish(
        fields=fields,
        model_id=fields.get("model_id", "").strip(),
        model_version=fields.get("model_version", "").strip(),
        role=fields.get("role", "").strip(),
        party=fields.get("party_id", "").strip(),
        force_update=fields.get("force_update", "").strip().lower() in {"1", "true"},
    )


def _refuse(message: str) -> FateError:
    return FateError(400, message, status=400)
