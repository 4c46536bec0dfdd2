"""From a body of `job/submit` to a submission in the core's words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from api.auth import require
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.job_settings import PREDICT
from api.dialects.fate.requests.submission import Converted, Sent, parse_submission
from api.dialects.fate.vocabulary.draft import make_draft
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.inheritance import inherit
from api.dialects.fate.vocabulary.job_request import JobRequest, Trained
from api.dialects.fate.vocabulary.permission_uses import list_uses
from api.dialects.fate.vocabulary.predict_dsl import choose_deployed, derive_predict_dsl
from api.dialects.fate.vocabulary.recipe import Predictor, find_predictor
from api.keys import PRINCIPAL, READER, SETTINGS
from api.planning import plan_job
from scheduler.domain.access import Action, Principal, Subject, is_allowed, subject_of
from scheduler.domain.errors import ForbiddenError, InvalidDocumentError, Problem
from scheduler.domain.model import Submission
from scheduler.domain.plan import Draft
from scheduler.service.grants import check_uses
from scheduler.store.queries.jobs import get_job_detail, get_origin
from scheduler.store.queries.parties import get_party, list_parties
from scheduler.store.tx import Tx


async def plan_fate_job(request: web.Request, members: Mapping[str, Any]) -> tuple[Submission, FateJob]:
    """The submission that a body asks for, and the same in FATE's words; any FedrotaError says what is wrong."""
    return await plan_sent(request, parse_submission(members))


async def plan_sent(request: web.Request, sent: Sent) -> tuple[Submission, FateJob]:
    """As `plan_fate_job`, for a conf and a DSL that were read already."""
    principal = request[PRINCIPAL]
    draft = await request.app[READER].read(lambda tx: _draft(tx, sent, principal))
    try:
        submission = await plan_job(request, draft)
    except InvalidDocumentError as wrong:
        problems = (_name_component(problem, draft) for problem in wrong.problems)
        raise FateError(RetCode.OPERATING, f"create job failed: {'; '.join(map(str, problems))}") from wrong
    fate = FateJob.parse(draft.origin)
    await request.app[READER].read(lambda tx: check_permissions(request, tx, submission, fate))
    return submission, fate


def check_permissions(request: web.Request, tx: Tx, submission: Submission, fate: FateJob) -> None:
    """ForbiddenError where the initiator is not the caller's, or lacks a grant of what is guarded."""
    guarded, principal = request.app[SETTINGS].guarded, request[PRINCIPAL]
    if not guarded:
        return
    role, party = fate.initiator
    home = get_party(tx, party).org
    if home != principal.org and not is_allowed(principal, Action.CONTROL_PARTY, Subject(org=home)):
        raise ForbiddenError(f"{principal.name} of {principal.org!r} may not begin a job as {role} {party}")
    check_uses(tx, party, list_uses(submission, fate), guarded=guarded)


def _draft(tx: Tx, sent: Sent, principal: Principal) -> Draft:
    predictor = _find_predictor(tx, sent, principal)
    stored = {} if predictor is None else find_predict_dsl(predictor)
    wanted = sent.convert(stored)
    request = JobRequest(
        conf=wanted.conf,
        settings=wanted.settings,
        dsl=wanted.dsl,
        sent_conf=sent.conf,
        sent_dsl=sent.dsl,
        trained=None if predictor is None else _locate(predictor),
        inherited=_inherit(tx, wanted, principal),
        slots={party.id: party.slots for party in list_parties(tx)},
    )
    return make_draft(request, principal)


def _locate(predictor: Predictor) -> Trained:
    """The model's parts, where they lie here: those of an imported one all in its job, wherever they once were made."""
    return Trained(job=predictor.job, fate=replace(predictor.trained, holders=dict(predictor.model.borrowed)))


def find_predict_dsl(predictor: Predictor) -> dict[str, Any]:
    """The inference DSL that the registry keeps, or the one that follows from the training DSL's `need_deploy`."""
    if predictor.dsl is not None:
        return dict(predictor.dsl)
    trained = predictor.trained
    return derive_predict_dsl(trained.dsl, predictor.components or choose_deployed(trained.dsl))


def _find_predictor(tx: Tx, sent: Sent, principal: Principal) -> Predictor | None:
    given = sent.conf.get("job_parameters") or {}
    settings = given.get("common", given) if isinstance(given, Mapping) else {}
    if not isinstance(settings, Mapping) or settings.get("job_type") != PREDICT:
        return None
    missing = [name for name in ("model_id", "model_version") if not settings.get(name)]
    if missing:
        raise FateError(RetCode.OPERATING, f"job_parameters of a predict job: missing {','.join(missing)}")
    found = find_predictor(
        tx, principal.project, str(settings["model_id"]), str(settings["model_version"]),
        needs_deployment=sent.needs_deployment,
    )  # fmt: skip
    _let_read(tx, found.job, principal)
    return found


def _inherit(tx: Tx, wanted: Converted, principal: Principal) -> dict[str, str]:
    names, job = wanted.settings.inherited, wanted.settings.inherits_from
    if not names:
        return {}
    _let_read(tx, job, principal)
    earlier = get_job_detail(tx, job)
    fate = FateJob.of(earlier, get_origin(tx, job))
    return inherit(names, wanted.dsl, earlier, fate)


def _let_read(tx: Tx, job: str, principal: Principal) -> None:
    found = get_job_detail(tx, job).job
    require(principal, Action.READ_OUTPUT, subject_of(found), kind="job", identity=job)


def _name_component(problem: Problem, draft: Draft) -> Problem:
    """The problem with its step named as the DSL does, not counted."""
    first, _, rest = problem.where.partition(".")
    number, _, below = rest.partition(".")
    if first != "steps" or not number.isdigit():
        return problem
    where = f"component {draft.steps[int(number)].name}" + (f" {below}" if below else "")
    return Problem(where, problem.message, problem.hint)
