"""The body of `model/import`: an archive, and the fields that older clients lose on the way."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Final

from aiohttp import web

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.forms import Form, read_form
from scheduler.domain.errors import FedrotaError

PIECE_BYTES: Final = 256 << 10
IN_MEMORY_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelImport:
    """What the fields say; SDK 1.5.0 sends none of them, then the archive says it."""

    fields: dict[str, str]
    model_id: str
    model_version: str
    role: str
    party: str
    force_update: bool


@asynccontextmanager
async def take_archive(request: web.Request) -> AsyncIterator[tuple[IO[bytes], ModelImport]]:
    """The open archive, and what the form asks for; FateError (400) where it has no file, or a damaged one."""
    if request.content_type != "multipart/form-data":
        raise _refuse("`file` is required: send the archive as a multipart/form-data part of that name")
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        form = await _read(request, file)
        if form.file is None:
            raise _refuse("`file` is required")
        given = form.fields.get("hash", "")
        digest = await asyncio.to_thread(_digest, file) if given else ""
        if given.lower() != digest:
            raise _refuse(f"the archive is damaged: its SHA-256 is {digest}, not {given[:80]}")
        file.seek(0)
        yield file, _parse_fields(form.fields)


async def _read(request: web.Request, file: IO[bytes]) -> Form:
    try:
        return await read_form(request, file)
    except FedrotaError as wrong:
        raise _refuse(wrong.message) from wrong


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _parse_fields(fields: dict[str, str]) -> ModelImport:
    return ModelImport(
        fields=fields,
        model_id=fields.get("model_id", "").strip(),
        model_version=fields.get("model_version", "").strip(),
        role=fields.get("role", "").strip(),
        party=fields.get("party_id", "").strip(),
        force_update=fields.get("force_update", "").strip().lower() in {"1", "true"},
    )


def _refuse(message: str) -> FateError:
    return FateError(400, message, status=400)
