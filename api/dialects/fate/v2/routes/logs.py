"""Logs: the archive of a job's, and their lines."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from api.dialects.fate.requests.members import read_text
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.job_access import check_fate_job
from api.dialects.fate.routes.job_logs import make_archive
from api.dialects.fate.routes.logs import LOGS as FIRST_LOGS
from api.dialects.fate.routes.logs import Source, number_lines, read_places, read_source
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import Members, need, read_all
from api.dialects.fate.v2.responses.envelope import render_success
from scheduler.domain.access import Action

GZIP: Final = "application/gzip"
LOGS: Final[Mapping[str, Source]] = {
    "schedule_info": Source.EVENTS,
    "schedule_error": Source.SETBACKS,
    "task_error": Source.FAILURES,
    "task_warning": Source.NOTHING,
    "task_info": Source.OUTPUT,
    "task_debug": Source.OUTPUT,
}


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
    return render_success({"size": len(await _read_lines(request, await read_all(request)))})


async def query(request: web.Request) -> web.Response:
    """The lines of a log from `begin` to `end`, counted from 1."""
    members = await read_all(request)
    begin, end = read_places(members)
    return render_success(number_lines(await _read_lines(request, members), begin, end))


async def _read_lines(request: web.Request, members: Members) -> list[str]:
    """Of the log that `log_type` names, also in 1.x's words; of one task alone where `task_name` is given."""
    kind, _ = need(members, "log_type", "job_id")
    source = {**FIRST_LOGS, **LOGS}.get(kind)
    if source is None:
        raise FlowError(Code.INVALID_PARAMETER, f"there is no log type {kind!r}: ask for {', '.join(LOGS)}")
    return await read_source(request, members, source, read_text(members, "task_name"))


ROUTES: Final[Routes] = {
    "/job/log/download": {"POST": download_logs},
    "/log/count": {"GET": count},
    "/log/query": {"GET": query},
}
