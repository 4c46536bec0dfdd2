"""The files of a job, for the workers of the parties that have a task in it."""

from aiohttp import web

from api.attachments import read_blob
from api.keys import READER
from api.native.attachments import make_headers
from api.party_calls import pass_through
from api.routing import admit
from scheduler.domain.messages import ATTACHMENT_PATH
from scheduler.store.queries.attachments import get_attachment_of_task


def routes(app: web.Application) -> None:
    """Serve the files."""
    app.router.add_get(f"{ATTACHMENT_PATH}/{{task}}/{{name}}", read_attachment)


async def read_attachment(request: web.Request) -> web.StreamResponse:
    """A file of a task's job; only the party that has the task gets it."""
    principal = await admit(request, "worker")
    task, name = request.match_info["task"], request.match_info["name"]
    found = await request.app[READER].read(lambda tx: get_attachment_of_task(tx, task, principal.party or "", name))
    return await pass_through(request, make_headers(name, found.blob), read_blob(request.app, found.blob))
