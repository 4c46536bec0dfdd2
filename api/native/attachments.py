"""Attachments: files that a job carries to its parties."""

from typing import Final
from urllib.parse import quote

from aiohttp import web

from api.attachments import read_blob, store_blob
from api.auth import require
from api.bodies import read_pieces
from api.keys import PRINCIPAL, READER
from api.native.jobs import check_job
from api.native.replies import AttachmentReply, BlobReply
from api.party_calls import pass_through
from api.routing import Endpoints
from scheduler.domain.access import Action
from scheduler.store.queries.attachments import Blob, get_attachment, list_attachments

endpoint: Final = Endpoints("attachments")

BYTES: Final = "application/octet-stream"
BLOCK_BYTES: Final = 256 << 10


@endpoint("POST", "/attachments", status=201, reply=BlobReply, uploads=(BYTES,))
async def upload_attachment(request: web.Request) -> BlobReply:
    """Upload a file, which a job document can then name under `attachments`; kept for a day where none does."""
    principal = request[PRINCIPAL]
    require(principal, Action.SUBMIT_JOB)
    return _render(await store_blob(request.app, principal, read_pieces(request, BLOCK_BYTES)))


@endpoint("GET", "/jobs/{job}/attachments", reply=list[AttachmentReply])
async def find_attachments(request: web.Request) -> list[AttachmentReply]:
    """List the files that a job carries."""
    job = await check_job(request, request.match_info["job"], Action.READ_JOB)
    found = await request.app[READER].read(lambda tx: list_attachments(tx, job.id))
    return [AttachmentReply(name=item.name, **_render(item.blob)) for item in found]


@endpoint("GET", "/jobs/{job}/attachments/{name}", media=(BYTES,))
async def read_attachment(request: web.Request) -> web.StreamResponse:
    """Read a file that a job carries."""
    job = await check_job(request, request.match_info["job"], Action.READ_OUTPUT)
    name = request.match_info["name"]
    found = await request.app[READER].read(lambda tx: get_attachment(tx, job.id, name))
    return await pass_through(request, make_headers(name, found.blob), read_blob(request.app, found.blob))


def make_headers(name: str, blob: Blob) -> dict[str, str]:
    """The headers of a file that is handed out."""
    return {
        "Content-Type": BYTES,
        "Content-Length": str(blob.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "ETag": f'"{blob.sha256}"',
    }


def _render(blob: Blob) -> BlobReply:
    return {"id": blob.id, "size": blob.size, "sha256": blob.sha256, "created": blob.created}
