"""Archives of models: taken out of one installation, taken into another."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from typing import IO, Any, Final

from aiohttp import web
from pydantic import Field

from api.agent.channel import CHANNEL_HUB
from api.auth import require
from api.bodies import read_pieces
from api.keys import PRINCIPAL, READER, SETTINGS
from api.models.access import describe_recipe, name_model, read_model, read_parts
from api.models.arrival import Deliver, ImportRequest, install_model
from api.models.manifest import PartEntry
from api.models.packing import pack_model
from api.models.unpacking import Archive
from api.native.model_replies import ModelDetailReply, render_model_detail
from api.parsing import Flag, Query
from api.routing import Endpoints
from api.uploads import BLOCK_BYTES
from scheduler.domain.access import Action
from scheduler.domain.errors import TooLargeError
from scheduler.store.queries.models import list_parts

endpoint: Final = Endpoints("models")

ZIP: Final = "application/zip"
BYTES: Final = "application/octet-stream"
IN_MEMORY_BYTES: Final = 8 << 20


class ImportQuery(Query):
    """How to take a model in."""

    replace: Flag = Field(default=False, description="Replace a model of that name and version.")


@endpoint("GET", "/models/{model}/{version}/archive", media=(ZIP,))
async def export_model(request: web.Request) -> web.StreamResponse:
    """Get a model as a zip file with every party's part; its parties must be connected."""
    name = name_model(request, request.match_info["model"], request.match_info["version"])
    model = await read_model(request, name, Action.READ_OUTPUT)
    parts = await read_parts(request, model)
    recipe = await request.app[READER].read(lambda tx: describe_recipe(tx, model))
    first = model.members[0]
    file = await pack_model(request, model, parts, recipe=recipe, exported_by=(first.role, first.party))
    with file:
        return await send_file(request, file, f"model-{model.version}.zip")


async def send_file(request: web.Request, file: IO[bytes], title: str) -> web.StreamResponse:
    """Stream an open file as an attachment.

    `title` stands unquoted: old clients of FATE's take the name with a pattern that undoes no quoting.
    """
    size = file.seek(0, 2)
    file.seek(0)
    headers = {
        "Content-Type": ZIP,
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename={title}",
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    while piece := await asyncio.to_thread(file.read, BLOCK_BYTES):
        await response.write(piece)
    await response.write_eof()
    return response


@endpoint("POST", "/models", status=201, reply=ModelDetailReply, uploads=(ZIP, BYTES))
async def import_archive(request: web.Request, query: ImportQuery) -> ModelDetailReply:
    """Take in a model that was exported here or elsewhere; its parties must be registered here and connected."""
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        await _save(request, file)
        archive = await open_archive(request, file)
        named = archive.manifest
        wanted = ImportRequest(name=name_model(request, named.model_id, named.model_version), replaces=query.replace)
        model = await install_model(request, named, make_deliver(request, archive), wanted)
    parts = await request.app[READER].read(lambda tx: list_parts(tx, model))
    return render_model_detail(model, parts)


async def _save(request: web.Request, file: IO[bytes]) -> None:
    limit, size = request.app[SETTINGS].upload_limit_bytes, 0
    async for piece in read_pieces(request, BLOCK_BYTES):
        size += len(piece)
        if size > limit:
            raise TooLargeError(f"the archive is larger than the limit of {limit} bytes (FEDROTA_UPLOAD_LIMIT_BYTES)")
        await asyncio.to_thread(file.write, piece)


async def open_archive(request: web.Request, file: IO[bytes]) -> Archive:
    """The archive in a file, checked; errors as `Archive` raises them."""
    limit = request.app[SETTINGS].upload_limit_bytes
    return await asyncio.to_thread(lambda: Archive(file, limit_bytes=limit))


def make_deliver(request: web.Request, archive: Archive) -> Deliver:
    """What brings a part of the archive to its party."""

    async def deliver(entry: PartEntry, place: Mapping[str, Any]) -> object:
        return await request.app[CHANNEL_HUB].call_upload(entry.party, "arrival.put", place, _read(archive, entry))

    return deliver


async def _read(archive: Archive, entry: PartEntry) -> AsyncIterator[bytes]:
    for piece in archive.read(entry):
        yield piece
