"""Packs a model into an archive: its parts are read at their parties, checked, and written into one zip file."""

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.keys import SETTINGS
from api.models.manifest import MANIFEST, Manifest, make_manifest
from api.party_calls import GarbledAnswerError
from scheduler.domain.errors import TooLargeError
from scheduler.store.queries.models import Model, Part

IN_MEMORY_BYTES: Final = 8 << 20


async def pack_model(
    request: web.Request,
    model: Model,
    parts: Sequence[Part],
    *,
    recipe: Mapping[str, Any],
    exported_by: tuple[str, str],
) -> IO[bytes]:
    """The archive as an open file at its start.

    It is whole before the first byte goes out: a client that saves whatever comes must not get half of one.
    UnreachableError where a party that holds a part is not connected.
    """
    limit = request.app[SETTINGS].upload_limit_bytes
    if sum(part.output.size for part in parts) > limit:
        raise TooLargeError(f"the model is larger than the limit of {limit} bytes (FEDROTA_UPLOAD_LIMIT_BYTES)")
    manifest = make_manifest(model, parts, recipe=recipe, exported_by=exported_by)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  the caller closes it
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(MANIFEST, manifest.render())
            await _write_parts(request, archive, manifest, parts)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _write_parts(
    request: web.Request, archive: zipfile.ZipFile, manifest: Manifest, parts: Sequence[Part]
) -> None:
    for entry, part in zip(manifest.parts, parts, strict=True):
        with archive.open(entry.path, "w", force_zip64=True) as target:
            await _copy_part(request, part, target)


async def _copy_part(request: web.Request, part: Part, target: IO[bytes]) -> None:
    output = part.output
    args = {"task": output.where.task, "seq": output.seq, "name": output.name}
    digest, left = hashlib.sha256(), output.size
    async with request.app[CHANNEL_HUB].call_stream(output.where.party, "output.read", args) as stream:
        async for chunk in stream.chunks:
            digest.update(chunk)
            left -= len(chunk)
            if left < 0:
                break  # else it could fill the disk; the digest tells
            target.write(chunk)
    if digest.hexdigest() != output.sha256:
        raise GarbledAnswerError(
            f"party {output.where.party} sent {output.where.step}.{output.name} otherwise than it was written: "
            "the file has been changed there since"
        )
