"""Steps of a job, and the attempts of each."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.keys import PRINCIPAL, READER
from api.native.jobs import check_job
from api.native.render import render_attempt, render_step
from api.native.replies import AttemptReply, Page, StepReply
from api.routing import Endpoints
from scheduler.domain.access import Action, subject_of
from scheduler.store.queries.jobs import get_job_detail, get_step_detail, list_attempts

endpoint: Final = Endpoints("steps")


@endpoint("GET", "/jobs/{job}/steps", reply=Page[StepReply])
async def list_steps(request: web.Request) -> dict[str, Any]:
    """List a job's steps with the tasks of their present attempt."""
    job = request.match_info["job"]
    detail = await request.app[READER].read(lambda tx: get_job_detail(tx, job))
    require(request[PRINCIPAL], Action.READ_JOB, subject_of(detail.job), kind="job", identity=job)
    return {"items": [render_step(step) for step in detail.steps], "next": None}


@endpoint("GET", "/jobs/{job}/steps/{step}", reply=StepReply)
async def read_step(request: web.Request) -> StepReply:
    """Get one step of a job by its name."""
    job, step = request.match_info["job"], request.match_info["step"]
    await check_job(request, job, Action.READ_JOB)
    return render_step(await request.app[READER].read(lambda tx: get_step_detail(tx, job, step)))


@endpoint("GET", "/jobs/{job}/steps/{step}/attempts", reply=Page[AttemptReply])
async def find_attempts(request: web.Request) -> dict[str, Any]:
    """List every try of a step, the first first."""
    job, step = request.match_info["job"], request.match_info["step"]
    await check_job(request, job, Action.READ_JOB)
    attempts = await request.app[READER].read(lambda tx: list_attempts(tx, job, step))
    return {"items": [render_attempt(number, tasks) for number, tasks in attempts], "next": None}
