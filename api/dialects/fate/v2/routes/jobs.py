"""Jobs: submit, stop, run again, note, forget; a job is the same one in both of FATE's interfaces and natively."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.submission import Sent
from api.dialects.fate.routes import jobs
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.planning import plan_sent
from api.dialects.fate.v2.errors import Code, FlowError, translate
from api.dialects.fate.v2.requests.dag import Dag, parse_schema
from api.dialects.fate.v2.requests.members import need, read_all
from api.dialects.fate.v2.responses.envelope import render_success, take_data
from api.dialects.fate.v2.vocabulary.conversion import convert_dag
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.keys import PRINCIPAL, WRITER
from scheduler.domain.access import Action
from scheduler.domain.errors import FedrotaError
from scheduler.domain.model import Submission


async def submit_job(request: web.Request) -> web.Response:
    """Check a DAG and store it as a job."""
    members = await read_all(request)
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    if not members.get("dag_schema"):
        raise FlowError(Code.INVALID_PARAMETER, "required parameters are missing: dag_schema")
    try:
        submission, fate = await _plan(request, members)
    except FedrotaError as wrong:
        raise _refuse(wrong) from wrong
    receipt = await request.app[WRITER].submit(submission)
    data = {"model_id": fate.model_id, "model_version": fate.model_version or receipt.job}
    said = ";".join(fate.warnings) or "success"
    return render_success(data, said, job_id=receipt.job)


async def _plan(request: web.Request, members: Mapping[str, Any]) -> tuple[Submission, FateJob]:
    # A second for a large one; others must not wait for it.
    dag, sent = await asyncio.to_thread(_convert, members["dag_schema"])
    submission, fate = await plan_sent(request, sent)
    kept = replace(fate, dag=dag.document)
    return replace(submission, origin=kept.render()), kept


def _convert(given: Any) -> tuple[Dag, Sent]:
    dag = parse_schema(given)
    return dag, convert_dag(dag)


def _refuse(wrong: FedrotaError) -> FlowError:
    """What is wrong with a job has a code of its own; who may not submit it is told as everywhere."""
    is_document = isinstance(wrong, FateError) and wrong.retcode in (RetCode.OPERATING, RetCode.ARGUMENT)
    found = translate(wrong)
    is_invalid = found.number == Code.INVALID_PARAMETER
    return FlowError(Code.CREATE_FAILED, found.message) if is_document or is_invalid else found


async def stop_job(request: web.Request) -> web.Response:
    """Stop a job; stopping one that has ended changes nothing and is no error."""
    need(await read_all(request), "job_id")
    await jobs.stop_job(request)
    return render_success(message="stop job success")


async def rerun_job(request: web.Request) -> web.Response:
    """Run an ended job again: what did not succeed."""
    need(await read_all(request), "job_id")
    await jobs.rerun_job(request)
    return render_success(message="rerun job success")


async def add_notes(request: web.Request) -> web.Response:
    """Keep a note with a job, which its rows show as `description`."""
    need(await read_all(request), "job_id", "role", "party_id", "notes")
    await jobs.update_job(request)
    return render_success(message="success")


async def clean_job(request: web.Request) -> web.Response:
    """Forget metrics, summaries and tables of an ended job; models stay."""
    need(await read_all(request), "job_id")
    await jobs.clean_job(request)
    return render_success(message="success")


async def clean_queue(request: web.Request) -> web.Response:
    """Stop all jobs that wait and that the caller may stop."""
    await read_all(request)
    return render_success(take_data(await jobs.clean_queue(request)))


ROUTES: Final[Routes] = {
    "/job/submit": {"POST": submit_job},
    "/job/stop": {"POST": stop_job},
    "/job/rerun": {"POST": rerun_job},
    "/job/notes/add": {"POST": add_notes},
    "/job/clean": {"POST": clean_job},
    "/job/queue/clean": {"POST": clean_queue},
}
