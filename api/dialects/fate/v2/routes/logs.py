"""Logs: the archive of a job's, and their lines."""

from typing import Any, Final

from aiohttp import web

from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.routes import logs
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.job_logs import make_archive
from api.dialects.fate.routes.reading import check_fate_job
from api.dialects.fate.v2.requests.members import need, read_all
from api.dialects.fate.v2.responses.envelope import render_success, take_data
from scheduler.domain.access import Action

GZIP: Final = "application/gzip"


async def download_logs(request: web.Request) -> web.StreamResponse:
    """Stream `<role>/<party>/INFO.log`, and one for each task, as a gzipped tar."""
    (job,) = need(await read_all(request), "job_id")
    found = await check_fate_job(request, job, Action.READ_JOB, missing="log path not found")
    headers = {"Content-Type": GZIP, "Content-Disposition": f"attachment; filename=job_{job}_log.tar.gz"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    async for piece in make_archive(request, found):
        await response.write(piece)
    await response.write_eof()
    return response


async def count(request: web.Request) -> web.Response:
    """How many lines a log has."""
    need(await read_all(request), "log_type", "job_id")
    return render_success({"size": len(await logs.read_lines(request, await read_members(request)))})


async def query(request: web.Request) -> web.Response:
    """The lines of a log from `begin` to `end`, counted from 1."""
    need(await read_all(request), "log_type", "job_id")
    found: list[dict[str, Any]] = take_data(await logs.cat(request))
    return render_success(found)


ROUTES: Final[Routes] = {
    "/job/log/download": {"POST": download_logs},
    "/log/count": {"GET": count},
    "/log/query": {"GET": query},
}
