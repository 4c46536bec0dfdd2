"""What can be said of a job beside its rows: its graph, its timing, its page, and the DSL that predicts."""

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from api.bridge import utc_now
from api.dialects.fate.errors import NOTHING, FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.dsl import parse_components, parse_dsl
from api.dialects.fate.requests.members import check_present, need
from api.dialects.fate.requests.submission import parse_json_member, parse_submission
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes, Streaming
from api.dialects.fate.routes.job_access import FateDetail, check_fate_job
from api.dialects.fate.vocabulary.dag import describe_dag
from api.dialects.fate.vocabulary.predict_dsl import derive_predict_dsl
from api.dialects.fate.vocabulary.rows import Row
from api.dialects.fate.vocabulary.states import render_time
from api.dialects.fate.vocabulary.task_rows import render_task_rows
from scheduler.domain.access import Action


async def generate_dsl(request: web.Request) -> web.Response:
    """The inference DSL of some components of a training DSL; as a file where the client names one."""
    members = await read_members(request)
    try:
        derived = _derive(members)
    except FateError as wrong:
        raise FateError(NOTHING, f"DSL generating failed: {wrong.message}", status=NOTHING) from wrong
    if members.get("filename"):
        body = json.dumps(derived, indent=4).encode()
        headers = {"Content-Disposition": "attachment; filename=predict_dsl.json"}
        return web.Response(body=body, content_type="application/json", headers=headers)
    return render_success(derived)


def _derive(members: Mapping[str, Any]) -> dict[str, Any]:
    train_dsl = parse_json_member(members.get("train_dsl"), "train_dsl")
    chosen = _parse_names(members.get("cpn_str") or members.get("cpn_list"))
    if not train_dsl or not chosen:
        raise FateError(RetCode.ARGUMENT, "train_dsl and cpn_str are needed")
    parse_components(train_dsl)
    return derive_predict_dsl(train_dsl, chosen, version=1 if str(members.get("version") or 2) == "1" else 2)


def _parse_names(given: Any) -> list[str]:
    """A list, or a text such as `[a, b]`, `a,b` or `"a" "b"`."""
    if isinstance(given, list):
        return [str(each) for each in given]
    text = str(given or "")
    for mark in "[]'\",":
        text = text.replace(mark, " ")
    return text.split()


async def read_dependencies(request: web.Request) -> web.Response:
    """The graph of a job, or of the conf and the DSL in the body; whether a component runs is asked of one party."""
    members = await read_members(request)
    if not members.get("job_id"):
        sent = parse_submission({key: members.get(key) for key in ("job_runtime_conf", "job_dsl")})
        return render_success(describe_dag(parse_dsl(sent.convert({}).dsl), ()))
    check_present(members, "party_id", "role")
    found = await check_fate_job(
        request, str(members["job_id"]), Action.READ_JOB, retcode=RetCode.EXCEPTION, missing="No job matched"
    )
    member = (str(members["role"]), str(members["party_id"]))
    components = parse_dsl(found.fate.dsl)
    idle = {name for name, passing in found.fate.passed.items() if member in passing}
    return render_success(describe_dag(components, idle))


async def report_job(request: web.Request) -> web.Response:
    """How long each task took, in milliseconds, and where it waited."""
    (job,) = need(await read_members(request), "job_id")
    found = await check_fate_job(request, job, Action.READ_JOB, missing="find task failed")
    return render_success([_report(row, found) for row in render_task_rows(found.detail, found.fate)])


def _report(row: Row, found: FateDetail) -> dict[str, Any]:
    names = ("component_name", "role", "party_id", "task_id", "task_version", "status", "party_status")
    times = ("create_time", "start_time", "end_time", "elapsed")
    began = row["start_time"] or render_time(found.job.ended or utc_now())
    return {**{name: row[name] for name in (*names, *times)}, "waited": (began or 0) - row["create_time"]}


async def find_url(request: web.Request) -> web.Response:
    """Where the job can be looked at."""
    job, _, _ = need(await read_members(request), "job_id", "role", "party_id")
    await check_fate_job(request, job, Action.READ_JOB, missing="no found job")
    return render_success({"board_url": [f"{request.scheme}://{request.host}/jobs/{job}"]})


ROUTES: Final[Routes] = {
    "/job/dsl/generate": {"POST": Streaming(generate_dsl, only_named=True)},
    "/job/report": {"POST": report_job},
    "/job/url/get": {"POST": find_url},
    "/pipeline/dag/dependency": {"POST": read_dependencies},
}
