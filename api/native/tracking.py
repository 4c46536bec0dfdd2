"""What jobs leave behind: metrics, summaries, outputs."""

from typing import Any, Final

from aiohttp import web
from pydantic import Field

from api.keys import READER
from api.native.jobs import AFTER, LIMIT, check_job
from api.native.render import render_metric, render_output, render_summary
from api.native.replies import MetricReply, OutputReply, Page, SummaryReply
from api.parsing import Query, Whole
from api.routing import Endpoints
from scheduler.domain.access import Action
from scheduler.store.queries.tracking import MetricFilter, list_metrics, list_outputs, list_summaries

endpoint: Final = Endpoints("tracking")

STEP: Final = Field(default="", max_length=64, description="Only of this step.")
PARTY: Final = Field(default="", max_length=64, description="Only at this party.")


class MetricsQuery(Query):
    """Which points."""

    step: str = STEP
    name: str = Field(default="", max_length=200, description="Only of this metric.")
    party: str = PARTY
    limit: Whole = LIMIT
    after: str | None = AFTER


class PlaceQuery(Query):
    """Whose."""

    step: str = STEP
    party: str = PARTY


@endpoint("GET", "/jobs/{job}/metrics", reply=Page[MetricReply])
async def find_metrics(request: web.Request, query: MetricsQuery) -> dict[str, Any]:
    """List the points of a job's curves, in the order in which they arrived."""
    job = request.match_info["job"]
    await check_job(request, job, Action.READ_JOB)
    wanted = MetricFilter(step=query.step, name=query.name, party=query.party)
    page = await request.app[READER].read(
        lambda tx: list_metrics(tx, job, wanted, after=query.after, limit=query.limit)
    )
    return {"items": [render_metric(item) for item in page.items], "next": page.next}


@endpoint("GET", "/jobs/{job}/summaries", reply=Page[SummaryReply])
async def find_summaries(request: web.Request, query: PlaceQuery) -> dict[str, Any]:
    """List the figures that the tasks of the present attempts left."""
    job = request.match_info["job"]
    await check_job(request, job, Action.READ_JOB)
    found = await request.app[READER].read(lambda tx: list_summaries(tx, job, step=query.step, party=query.party))
    return {"items": [render_summary(item) for item in found], "next": None}


@endpoint("GET", "/jobs/{job}/outputs", reply=Page[OutputReply])
async def find_outputs(request: web.Request, query: PlaceQuery) -> dict[str, Any]:
    """List the tables, models and files that the tasks of the present attempts left at their parties."""
    job = request.match_info["job"]
    await check_job(request, job, Action.READ_JOB)
    found = await request.app[READER].read(lambda tx: list_outputs(tx, job, step=query.step, party=query.party))
    return {"items": [render_output(item) for item in found], "next": None}
