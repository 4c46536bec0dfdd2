"""iFLearner Flow's answers: one envelope, templates and tasks in their fields, times as RFC 822 has them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import formatdate
from typing import Any, Final

import orjson
from aiohttp import web

from api.dialects.iflearner.errors import SUCCESS, TEXTS, RefusedError
from api.dialects.iflearner.vocabulary import find_status, list_party_status
from scheduler.domain.model import Party
from scheduler.service.runs import LAST_RUN
from scheduler.store.queries.jobs import JobDetail
from scheduler.store.queries.templates import Template

DETAIL: Final = "X-Fedrota-Detail"
"""Says more about a refusal than the text that old clients know."""
_JSON: Final = "application/json"


def render_success(data: Mapping[str, Any] | None = None) -> web.Response:
    """The envelope of what went well; without `data` the key is left out."""
    body: dict[str, Any] = {"ret_code": SUCCESS, "ret_msg": TEXTS[SUCCESS]}
    return _render(body if data is None else {**body, "data": data})


def render_refusal(refused: RefusedError) -> web.Response:
    """The envelope of a refusal."""
    answer = _render({"ret_code": refused.ret_code, "ret_msg": refused.message}, status=refused.status)
    if refused.detail:
        answer.headers[DETAIL] = " ".join(refused.detail.encode("ascii", "replace").decode().split())
    return answer


def _render(body: Mapping[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type=_JSON)


def render_time(at: datetime) -> str:
    """For example `Mon, 25 Jul 2022 15:59:55 -0000`, always UTC."""
    return formatdate(at.timestamp())


def render_template(template: Template) -> dict[str, Any]:
    """A template in its nine fields."""
    return {
        "name": template.name,
        "remark": template.body["remark"],
        "image_url": template.body["image_url"],
        "workdir": template.body["workdir"],
        "command": template.body["command"],
        "hyper_parameter": template.body["hyper_parameter"],
        "template_id": template.id,
        "create_time": render_time(template.created),
        "modify_time": render_time(template.modified),
    }


def render_task(task: Template, runs: Mapping[str, JobDetail]) -> dict[str, Any]:
    """A task in its nine fields; `runs` has the job of its latest run, where there is one."""
    job = task.body.get(LAST_RUN)
    run = runs.get(job) if job else None
    return {
        "name": task.name,
        "remark": task.body["remark"],
        "template_id": task.body["template_id"],
        "federate_data": task.body["federate_data"],
        "task_id": task.id,
        "status": find_status(run, was_started=job is not None),
        "party_status": None if run is None else list_party_status(run),
        "create_time": render_time(task.created),
        "modify_time": render_time(task.modified),
    }


def render_run(run: JobDetail) -> dict[str, Any]:
    """One run of a task: what the original does not keep."""
    return {
        "job_id": run.job.id,
        "status": find_status(run, was_started=True),
        "party_status": list_party_status(run),
        "reason": run.job.reason,
        "attempt": max((step.step.attempt for step in run.steps), default=0),
        "start_time": render_time(run.job.created),
        "end_time": None if run.job.ended is None else render_time(run.job.ended),
    }


def render_federates(parties: Sequence[Party], *, now: datetime, offline_s: float) -> dict[str, Any]:
    """The parties in the original's two fields, with two more on whether they are there."""
    federates = [
        {
            "name": party.id,
            "id": party.id,
            "online": party.is_online(now, offline_s),
            "last_seen": None if party.last_seen is None else render_time(party.last_seen),
        }
        for party in parties
    ]
    return {"federates": federates, "federate_count": len(federates)}
