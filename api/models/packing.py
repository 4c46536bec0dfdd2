"""Packs a model into an archive: its parts are read at their parties, checked, and written into one zip file."""

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from aiohttp import web

from api.keys import SETTINGS
from api.models.manifest import MANIFEST, Manifest, make_manifest
from api.output_files import copy_output
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
            await copy_output(request.app, part.output, target)
