"""Steps that are kept for an operator because they cost a party's worker its life: list them, give them out again."""

from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import PATIENCE, PRINCIPAL, READER, WRITER
from api.native.jobs import LIMIT, check_job
from api.native.render import render_detail
from api.native.replies import JobReply, Page, PoisonReply
from api.parsing import Query, Whole
from api.routing import Endpoints
from scheduler.domain.access import Action, Principal
from scheduler.service.poison import requeue_job
from scheduler.store.queries.jobs import get_job_detail
from scheduler.store.queries.poison import PoisonView, list_poisoned

endpoint: Final = Endpoints("poison")


class PoisonQuery(Query):
    """How many."""

    limit: Whole = LIMIT


@endpoint("GET", "/poisoned", reply=Page[PoisonReply])
async def find_poisoned(request: web.Request, query: PoisonQuery) -> dict[str, Any]:
    """List the tasks over which a party's worker died too often, the latest first; the log's end is at the task."""
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.READ_JOB)
    found = await request.app[READER].read(lambda tx: list_poisoned(tx, project=principal.project, limit=query.limit))
    return {"items": [render_poison(item) for item in found], "next": None}


def render_poison(item: PoisonView) -> PoisonReply:
    """A task that waits for an operator."""
    return {
        "job": item.job,
        "job_name": item.job_name,
        "step": item.step,
        "role": item.role,
        "party": item.party,
        "task": item.task,
        "attempt": item.attempt,
        "reason": item.reason,
        "ended": item.ended,
    }


@endpoint("POST", "/jobs/{job}/requeue", status=202, reply=JobReply)
async def requeue(request: web.Request) -> JobReply:
    """Give an ended job's poisoned steps out again, with whatever else did not succeed; deaths count anew."""
    job = request.match_info["job"]
    await check_job(request, job, Action.REQUEUE_JOB)
    by, patience = actor_of(request), request.app[PATIENCE]
    await request.app[WRITER].write(lambda tx: requeue_job(tx, job, by=by, now=utc_now(), patience=patience))
    return render_detail(await request.app[READER].read(lambda tx: get_job_detail(tx, job)))
