"""Jobs: submit, stop, run again, change, forget."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.dialects.fate.errors import FateError, RetCode, translate
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.members import list_texts, need
from api.dialects.fate.requests.selectors import merge
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.submitted import render_submitted
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.job_access import check_fate_job, list_all
from api.dialects.fate.routes.planning import plan_fate_job
from api.dialects.fate.vocabulary.rows import NOTES
from api.dialects.fate.vocabulary.states import list_states
from api.discards import discard_files
from api.keys import PATIENCE, PRINCIPAL, READER, WRITER
from scheduler.domain.access import Action, Principal, is_allowed, subject_of
from scheduler.domain.errors import ConflictError, FedrotaError, NotFoundError
from scheduler.domain.states import TERMINAL, State
from scheduler.service.amend import forget_results, label_job, replan_job
from scheduler.service.ids import new_job_id
from scheduler.service.jobs import request_rerun, request_stop
from scheduler.store.queries.jobs import JobFilter
from scheduler.store.queries.tracking import OutputView, list_outputs
from scheduler.store.tx import Tx

CANCELED: Final = 0
NOT_CANCELED: Final = 2
NO_JOB: Final = "can not found job"


async def submit_job(request: web.Request) -> web.Response:
    """Check and store a job; a refusal has a job id too, under which nothing can be found."""
    try:
        require(request[PRINCIPAL], Action.SUBMIT_JOB)
        submission, fate = await plan_fate_job(request, await read_members(request))
        receipt = await request.app[WRITER].submit(submission)
    except FedrotaError as wrong:
        raise _refuse_submission(wrong) from wrong
    model = {"model_id": fate.model_id, "model_version": fate.model_version or receipt.job}
    said = ";".join(fate.warnings) or "success"
    return render_submitted(
        request, receipt.job, model_id=fate.model_id, initiator=fate.initiator, message=said, model_info=model
    )


def _refuse_submission(wrong: FedrotaError) -> FateError:
    found = translate(wrong)
    keeps = found.retcode in (RetCode.AUTHENTICATION, RetCode.PERMISSION, RetCode.RUNNING)
    message = " ".join(found.message.split("\n"))
    return FateError(found.retcode if keeps else RetCode.OPERATING, message, jobId=new_job_id(utc_now()))


async def stop_job(request: web.Request) -> web.Response:
    """Stop a job; stopping one that has ended changes nothing and is no error."""
    (job,) = need(await read_members(request), "job_id")
    await check_fate_job(request, job, Action.CONTROL_JOB, retcode=RetCode.DATA, missing=NO_JOB)
    await _stop(request, job)
    return render_success(message="stop job success")


async def _stop(request: web.Request, job: str) -> None:
    reason, patience = f"stopped by {request[PRINCIPAL].name}", request.app[PATIENCE]
    try:
        await request.app[WRITER].write(
            lambda tx: request_stop(tx, job, reason=reason, now=utc_now(), patience=patience)
        )
    except ConflictError:
        return


async def rerun_job(request: web.Request) -> web.Response:
    """Run an ended job again: what did not succeed, the named components and what depends on them, or all (`force`)."""
    members = await read_members(request)
    (job,) = need(members, "job_id")
    found = await check_fate_job(request, job, Action.CONTROL_JOB, retcode=RetCode.DATA, missing=NO_JOB)
    if found.job.state not in TERMINAL:
        raise FateError(RetCode.OPERATING, f"rerun job failed: job {job} is {found.job.state}: stop it first")
    names = list_texts(members.get("component_name"))
    steps = [each.step for each in found.detail.steps]
    if members.get("force") is True and not names:
        names = [step.name for step in steps]
    if not names and all(step.state is State.SUCCESS for step in steps):
        return render_success(message="rerun job success")
    await _rerun(request, job, names)
    return render_success(message="rerun job success")


async def _rerun(request: web.Request, job: str, names: Sequence[str]) -> None:
    patience = request.app[PATIENCE]
    try:
        await request.app[WRITER].write(
            lambda tx: request_rerun(tx, job, from_step=names or None, now=utc_now(), patience=patience)
        )
    except (ConflictError, NotFoundError) as wrong:
        raise FateError(RetCode.OPERATING, f"rerun job failed: {wrong.message}") from wrong


async def update_job(request: web.Request) -> web.Response:
    """Keep a note with a job, FATE's description."""
    members = await read_members(request)
    (job,) = need(members, "job_id")
    await check_fate_job(request, job, Action.CONTROL_JOB)
    notes = str(members.get("notes") or "")
    if len(notes) > 10_000:
        raise FateError(RetCode.ARGUMENT, f"notes are at most 10000 characters, not {len(notes)}")
    await request.app[WRITER].write(lambda tx: label_job(tx, job, {NOTES: notes}))
    return render_success(message="update job success")


async def update_parameters(request: web.Request) -> web.Response:
    """Change the parameters of an ended job, for a rerun to use."""
    members = await read_members(request)
    (job,) = need(members, "job_id")
    found = await check_fate_job(request, job, Action.CONTROL_JOB, retcode=RetCode.DATA, missing="query job failed")
    changes = {name: members.get(name) or {} for name in ("job_parameters", "component_parameters")}
    conf = merge(found.fate.conf, changes)
    try:
        submission, fate = await plan_fate_job(request, {"job_runtime_conf": conf, "job_dsl": found.fate.dsl})
        steps = {step.name: step for step in submission.steps}
        await request.app[WRITER].write(lambda tx: replan_job(tx, job, steps, submission.origin))
    except FedrotaError as wrong:
        raise FateError(RetCode.OPERATING, f"update job parameters failed: {wrong.message}") from wrong
    components = sorted(set(_list_changed(changes["component_parameters"])))
    shown = {name: fate.conf[name] for name in changes}
    return render_success({**shown, "components": components}, "success")


def _list_changed(given: Mapping[str, Any]) -> Iterator[str]:
    """The components that changed parameters speak of; null stands for nothing, keys that mean no party for anything."""
    yield from given.get("common") or {}
    for selectors in (given.get("role") or {}).values():
        for layer in (selectors or {}).values():
            yield from layer if isinstance(layer, Mapping) else ()


async def clean_job(request: web.Request) -> web.Response:
    """Forget metrics, summaries and tables of an ended job or of some of its tasks, and delete the files; models stay.

    The reply says where files had to stay.
    """
    members = await read_members(request)
    (job,) = need(members, "job_id")
    await check_fate_job(request, job, Action.DELETE_JOB, retcode=RetCode.EXCEPTION, missing="no found task")
    step, role, party = (str(members.get(name) or "") for name in ("component_name", "role", "party_id"))
    count, outputs = await request.app[WRITER].write(lambda tx: _forget(tx, job, step=step, role=role, party=party))
    if not count:
        raise FateError(RetCode.EXCEPTION, "no found task")
    kept = await discard_files(request, outputs)
    if not kept:
        return render_success(message="success")
    told = "; ".join(f"the files at party {name} stay: {why}" for name, why in kept.items())
    return render_success({"kept": kept}, f"success; {told}")


def _forget(tx: Tx, job: str, *, step: str, role: str, party: str) -> tuple[int, list[OutputView]]:
    """How many tasks' results were forgotten, and the outputs among them, whose files are of no use now."""
    found = list_outputs(tx, job, step=step, party=party, is_every_attempt=True)
    count = forget_results(tx, job, step=step, role=role, party=party)
    return count, [each for each in found if each.kind != "model" and role in {"", each.where.role}]


async def clean_queue(request: web.Request) -> web.Response:
    """Stop all jobs that wait and that the caller may stop; for each 0, or 2 where that was not possible."""
    await read_members(request)
    principal: Principal = request[PRINCIPAL]
    require(principal, Action.CONTROL_JOB)
    wanted = JobFilter(states=list_states(["waiting"]), project=principal.project)
    waiting = await request.app[READER].read(lambda tx: list(list_all(tx, wanted, principal)))
    outcome: dict[str, Any] = {}
    for job in waiting:
        if job.state is State.WAITING and is_allowed(principal, Action.CONTROL_JOB, subject_of(job)):
            await _stop(request, job.id)
            outcome[job.id] = CANCELED
        else:
            outcome[job.id] = NOT_CANCELED
    return render_success(outcome)


ROUTES: Final[Routes] = {
    "/job/submit": {"POST": submit_job},
    "/job/stop": {"POST": stop_job},
    "/job/rerun": {"POST": rerun_job},
    "/job/update": {"POST": update_job},
    "/job/parameter/update": {"POST": update_parameters},
    "/job/clean": {"POST": clean_job},
    "/job/clean/queue": {"POST": clean_queue},
}
