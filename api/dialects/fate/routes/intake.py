"""The body of an upload: its members and its file, wherever the client has put which."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.forms import FILE, read_form
from api.dialects.fate.requests.members import Members
from api.dialects.fate.requests.uploads import Upload, parse_query, parse_upload
from api.keys import SETTINGS
from api.uploads import BLOCK_BYTES

Chunks = Callable[[], AsyncIterator[bytes]]


class Parse(Protocol):
    """Makes an upload of a request's members; `is_form` and `lies_there` say how they came."""

    def __call__(self, members: Members, *, is_form: bool = False, lies_there: bool = False) -> Upload:
        """The upload."""


@dataclass(frozen=True, slots=True)
class Intake:
    """An upload and its bytes: `open` begins them anew each time, None where the file lies at the party."""

    upload: Upload
    open: Chunks | None = None


@asynccontextmanager
async def take_upload(request: web.Request, parse: Parse = parse_upload) -> AsyncIterator[Intake]:
    """The upload of a request; a file that comes with it is kept in a temporary file until the block ends."""
    if not request.content_type.startswith("multipart/"):
        yield Intake(parse(await _read_local(request), lies_there=True))
        return
    named = parse_query(request.raw_path.partition("?")[2])
    with _make_file(request) as kept:
        form = await read_form(request, kept)
        if form.file is None:
            raise FateError(RetCode.ARGUMENT, "the form has no file: send it as the part 'file' with a file name")
        upload = parse({**form.fields, FILE: form.file, **named}, is_form=not named)
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


async def _read_file(kept: BinaryIO) -> AsyncIterator[bytes]:
    await asyncio.to_thread(kept.seek, 0)
    while block := await asyncio.to_thread(kept.read, BLOCK_BYTES):
        yield block
