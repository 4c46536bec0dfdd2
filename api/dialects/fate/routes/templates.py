"""FATE's `template/download`: examples to begin with, as an archive."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Final

from aiohttp import web

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.members import read_all, read_flag
from api.dialects.fate.routes.answer import Routes, Streaming
from api.keys import READER

EXAMPLES: Final = Path(__file__).parents[4] / "examples"
FOLDERS: Final = {"fate": "fate", "data": "data"}
"""Folder of the archive -> folder of the examples."""
SMALL: Final = frozenset({"breast_train.csv"})
"""What `min_data` leaves of the data."""


async def download(request: web.Request) -> web.Response:
    """The examples as a gzipped tar; with `min_data` no more data than these need."""
    is_small = read_flag(await read_all(request), "min_data")
    files = await request.app[READER].call(lambda: list_examples(is_small=is_small))
    if not files:
        raise FateError(404, "this gateway was installed without the examples", status=404)
    body = await request.app[READER].call(lambda: pack(files))
    headers = {"Content-Disposition": "attachment; filename=template.tar.gz"}
    return web.Response(body=body, content_type="application/x-tar", headers=headers)


def list_examples(*, is_small: bool) -> dict[str, Path]:
    """Name in the archive -> file."""
    found = {}
    for name, folder in FOLDERS.items():
        for path in sorted((EXAMPLES / folder).rglob("*")):
            if path.suffix not in {".json", ".csv"} or (is_small and path.suffix == ".csv" and path.name not in SMALL):
                continue
            found[f"{name}/{path.relative_to(EXAMPLES / folder).as_posix()}"] = path
    return found


def pack(files: dict[str, Path]) -> bytes:
    """The files as a gzipped tar, the same bytes for the same files."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, path in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return gzip.compress(raw.getvalue(), mtime=0)


ROUTES: Final[Routes] = {"/template/download": {"POST": Streaming(download)}}
