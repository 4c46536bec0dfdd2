"""Tasks: themselves, their logs, their outputs; logs and outputs are read at the party."""

import asyncio
import re
from typing import Annotated, Any, Final
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from api.agent.channel import CHANNEL_HUB
from api.auth import require
from api.changes import wait_for_change
from api.keys import DRAIN, FEED, PRINCIPAL, READER
from api.native.render import render_task
from api.native.replies import PreviewReply, TaskReply
from api.parsing import Flag, Query, Whole
from api.party_calls import ask_party, fetch_preview, pass_through, read_size, take_exactly
from api.routing import JSON, Endpoints
from api.streams import STREAMS, Standing
from scheduler.domain.access import Action, subject_of
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.domain.model import Task
from scheduler.domain.states import State
from scheduler.store.queries.jobs import get_job, get_task
from scheduler.store.queries.tracking import OutputView, get_output
from scheduler.store.tx import Tx

endpoint: Final = Endpoints("tasks")

TEXT: Final = "text/plain"
BYTES: Final = "application/octet-stream"
TAIL_BYTES: Final = 64 << 10
MAX_LOG_BYTES: Final = 4 << 20
PIECE_BYTES: Final = 256 << 10
FOLLOW_S: Final = 0.3
"""How often a followed log is looked at while nothing else says that it has grown."""
UNSTARTED: Final = frozenset({State.WAITING, State.READY, State.DISPATCHED})
BOUND: Final = 10**17
NAME_LENGTH: Final = 255
DIGEST: Final = re.compile(r"[0-9A-Za-z]{1,128}")


class LogQuery(Query):
    """Which part of a log."""

    offset: Annotated[Whole, Field(ge=-BOUND, le=BOUND)] | None = Field(
        default=None, description="In bytes; negative counts from the end. Default: the last 64 KiB."
    )
    limit: Whole = Field(default=MAX_LOG_BYTES, ge=1, le=BOUND, description="Bytes at most; an answer may hold fewer.")
    follow: Flag = Field(default=False, description="Go on as the log grows, until the task has ended.")


class OutputQuery(Query):
    """How to read an output."""

    preview: Flag = Field(default=False, description="Some rows of a table instead of the file.")
    offset: Whole = Field(default=0, ge=0, le=BOUND, description="First row of a preview.")
    limit: Whole = Field(default=20, ge=1, le=1000, description="Rows of a preview.")


async def check_task(request: web.Request, task: str, action: Action) -> Task:
    """The task, if the caller may do `action` to its job."""

    def find(tx: Tx) -> tuple[Task, Any]:
        found = get_task(tx, task)
        return found, get_job(tx, found.job_id)

    found, job = await request.app[READER].read(find)
    require(request[PRINCIPAL], action, subject_of(job), kind="task", identity=task)
    return found


@endpoint("GET", "/tasks/{task}", reply=TaskReply)
async def read_task(request: web.Request) -> TaskReply:
    """Get one task."""
    return render_task(await check_task(request, request.match_info["task"], Action.READ_JOB))


@endpoint("GET", "/tasks/{task}/logs", media=(TEXT,))
async def read_log(request: web.Request, query: LogQuery) -> web.StreamResponse:
    """Read a part of a task's log; X-Log-Offset says where it begins, X-Log-Size how long the whole log is."""
    task = await check_task(request, request.match_info["task"], Action.READ_JOB)
    if task.state in UNSTARTED and not query.follow:
        return _text(b"", 0, 0)
    offset = -TAIL_BYTES if query.offset is None else query.offset
    if query.follow:
        return await _follow(request, task, offset)
    body, start, size = await _read_piece(request, task, offset, min(query.limit, MAX_LOG_BYTES))
    return _text(body, start, size)


def _text(body: bytes, start: int, size: int) -> web.Response:
    headers = {"X-Log-Offset": str(start), "X-Log-Size": str(size)}
    return web.Response(body=body, content_type=TEXT, charset="utf-8", headers=headers)


async def _read_piece(request: web.Request, task: Task, offset: int, limit: int) -> tuple[bytes, int, int]:
    """Bytes of the log, where they begin, and how long it is now."""
    args = {"task": task.id, "seq": task.seq, "offset": offset, "limit": limit}
    result, body = await ask_party(request, task.party, "log.read", args)
    start = result.get("offset")
    size = result.get("size")
    first = start if isinstance(start, int) else max(offset, 0)
    return body, first, size if isinstance(size, int) else first + len(body)


async def _follow(request: web.Request, task: Task, offset: int) -> web.StreamResponse:
    """The log as it grows; headers tell where it began only if it had begun."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    body = b""
    if task.state not in UNSTARTED:
        body, start, size = await _read_piece(request, task, offset, PIECE_BYTES)
        headers |= {"X-Log-Offset": str(start), "X-Log-Size": str(size)}
        offset = start + len(body)
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(body)
    with request.app[FEED].watch(task.job_id) as changed:
        await _write_growth(request, response, task, offset=offset, changed=changed)
    await response.write_eof()
    return response


async def _write_growth(
    request: web.Request, response: web.StreamResponse, task: Task, *, offset: int, changed: asyncio.Event
) -> None:
    """What is added to the log, until the task has ended or the gateway drains."""
    standing = Standing(request)
    while not request.app[DRAIN].has_begun:
        await standing.check()
        # The state is older than the bytes, so what an ended task has left is all of it.
        now = await request.app[STREAMS].read(lambda tx: get_task(tx, task.id))
        body = b""
        if now.state not in UNSTARTED and now.seq:
            body, start, _ = await _read_piece(request, now, offset, PIECE_BYTES)
            offset = start + len(body)
            await response.write(body)
        if not body and now.is_over:
            return
        if len(body) < PIECE_BYTES and not now.is_over:
            await wait_for_change(changed, FOLLOW_S)


@endpoint("GET", "/tasks/{task}/outputs/{name}", reply=PreviewReply, media=(BYTES, JSON))
async def read_output(request: web.Request, query: OutputQuery) -> web.StreamResponse | PreviewReply:
    """Read an output's file, or with `preview=true` some of its rows."""
    task, name = request.match_info["task"], request.match_info["name"]
    await check_task(request, task, Action.READ_OUTPUT)
    output = await request.app[READER].read(lambda tx: get_output(tx, task, name))
    args: dict[str, Any] = {"task": task, "seq": output.seq, "name": name}
    if query.preview:
        if output.kind != "table":
            raise InvalidDocumentError(
                Problem("query.preview", f"output {name!r} is a {output.kind}, not a table.", "Read it whole.")
            )
        args |= {"offset": query.offset, "limit": query.limit}
        return await fetch_preview(request, output.where.party, "output.preview", args)
    async with request.app[CHANNEL_HUB].call_stream(output.where.party, "output.read", args) as stream:
        size = read_size(stream)
        return await pass_through(request, _file_headers(output, size), take_exactly(stream, size))


def _file_headers(output: OutputView, size: int) -> dict[str, str]:
    """The headers of an output's file; its name and digest are a party's word, and may be anything."""
    shown = quote(str(output.facts.get("file") or output.name)[:NAME_LENGTH], safe="")
    headers = {
        "Content-Type": BYTES,
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{shown}",
    }
    if DIGEST.fullmatch(output.sha256):
        headers["ETag"] = f'"{output.sha256}"'
    return headers
