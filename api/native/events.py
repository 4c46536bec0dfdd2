"""A job's events: as a page, or as server-sent events that a client can resume."""

import asyncio
import time
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import Field

from api.changes import wait_for_change
from api.keys import DRAIN, FEED, READER
from api.native.jobs import check_job
from api.native.render import render_event
from api.native.replies import EventReply, Page
from api.parsing import Query, Whole
from api.routing import JSON, RENDER, Endpoints
from api.streams import STREAMS, Standing
from scheduler.domain.access import Action
from scheduler.domain.errors import InvalidDocumentError, NotFoundError, Problem
from scheduler.domain.states import TERMINAL, State
from scheduler.store.queries.jobs import get_state
from scheduler.store.queries.tracking import EventView, list_events
from scheduler.store.tx import Tx

endpoint: Final = Endpoints("events")

STREAM: Final = "text/event-stream"
RESUME: Final = "Last-Event-ID"
CHUNK: Final = 500
LOOK_AGAIN_S: Final = 1.0
"""News of other processes may be lost; a watcher looks for itself after so long."""
ALIVE_S: Final = 10.0
GATHER_S: Final = 0.025
"""A watcher reads no more often: what happens within a blink comes in one piece."""


class EventsQuery(Query):
    """Which events."""

    limit: Whole = Field(default=50, ge=1, le=1000, description="Items per page.")
    after: Whole = Field(default=0, ge=0, le=10**18 - 1, description="Only events with a greater id.")


@endpoint(
    "GET", "/jobs/{job}/events", reply=Page[EventReply], media=(JSON, STREAM),
    headers={RESUME: "The id of the last event seen; the stream goes on after it."},
)  # fmt: skip
async def watch_events(request: web.Request, query: EventsQuery) -> web.StreamResponse | dict[str, Any]:
    """List a job's events; with `Accept: text/event-stream` also those to come, until the job has ended."""
    job = request.match_info["job"]
    await check_job(request, job, Action.READ_JOB)
    if STREAM in request.headers.get("Accept", ""):
        return await _stream(request, job, after=max(query.after, _read_resume(request)))
    found = await request.app[READER].read(lambda tx: list_events(tx, job, after=query.after, limit=query.limit + 1))
    shown = found[: query.limit]
    following = str(shown[-1].id) if len(found) > query.limit else None
    return {"items": [render_event(item) for item in shown], "next": following}


def _read_resume(request: web.Request) -> int:
    text = request.headers.get(RESUME, "0").strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise InvalidDocumentError(Problem(f"header {RESUME}", "is no event id", "Send the id of the last event seen."))
    return int(text)


async def _stream(request: web.Request, job: str, *, after: int) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    standing = Standing(request)
    with request.app[FEED].watch(job) as changed:
        wrote_at = time.monotonic()
        while not request.app[DRAIN].has_begun:
            await standing.check()
            try:
                events, state = await request.app[STREAMS].read(partial(_read_news, job=job, after=after))
            except NotFoundError:
                break  # deleted while it was watched
            if events:
                after, wrote_at = events[-1].id, time.monotonic()
                await response.write(b"".join(map(_render_frame, events)))
            elif state in TERMINAL:
                await response.write(f'event: end\ndata: {{"state": "{state}"}}\n\n'.encode())
                break
            elif time.monotonic() - wrote_at > ALIVE_S:
                wrote_at = time.monotonic()
                await response.write(b": still here\n\n")
            if len(events) < CHUNK and state not in TERMINAL:
                await wait_for_change(changed, LOOK_AGAIN_S)
                await asyncio.sleep(GATHER_S)
                changed.clear()
    await response.write_eof()
    return response


def _read_news(tx: Tx, *, job: str, after: int) -> tuple[list[EventView], State]:
    """The job's state is read first, so an ended one has no event that is not seen."""
    state = get_state(tx, job)
    return list_events(tx, job, after=after, limit=CHUNK), state


def _render_frame(event: EventView) -> bytes:
    shown = orjson.dumps(render_event(event), option=RENDER)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.event.encode(), shown)
