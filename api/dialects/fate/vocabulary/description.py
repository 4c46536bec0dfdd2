"""What a job is in FATE's words, once it is settled who runs what."""

from collections.abc import Collection, Mapping, Sequence

from api.dialects.fate.requests.job_settings import PREDICT
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.fate_job import FateJob, Member, make_model_id
from api.dialects.fate.vocabulary.job_request import JobRequest
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.roles import Cast


def makes_model(fate: FateJob) -> bool:
    """Whether the job leaves a model that can be used later."""
    modules = (get_module(fate.get_module(name), name) for name in fate.components)
    return fate.job_type != PREDICT and any(module.models for module in modules)


def describe_job(
    request: JobRequest,
    casts: Mapping[str, Cast],
    modules: Mapping[str, Module],
    *,
    warnings: Sequence[str],
    stored: Collection[str],
) -> FateJob:
    """The job in FATE's words, with what follows from the request; `stored` are Readers with nothing to read in."""
    predicts = request.settings.job_type == PREDICT
    unused = sorted(request.conf.list_configured() - set(modules))
    ignored = [
        f"[WARN]component_parameters of {name} do not take effect: the DSL has no such component" for name in unused
    ]
    return FateJob(
        sent_conf=request.sent_conf,
        sent_dsl=request.sent_dsl,
        conf=request.conf.document,
        dsl=request.dsl,
        job_type=request.settings.job_type,
        model_id=request.settings.model_id if predicts else make_model_id(request.conf.roles),
        model_version=request.settings.model_version if predicts else "",
        initiator=request.conf.initiator,
        passed={
            name: passing
            for name, cast in casts.items()
            if (passing := _list_passing(cast, request, is_stored=name in stored))
        },
        inherited={name: _list_members(modules[name], request.conf.roles) for name in request.inherited},
        inherits_from=request.settings.inherits_from,
        holders=request.inherited,
        train_conf=request.trained.fate.conf if request.trained else {},
        warnings=(*request.conf.warnings, *request.settings.warnings, *ignored, *warnings, *request.warnings),
    )


def _list_passing(cast: Cast, request: JobRequest, *, is_stored: bool) -> tuple[Member, ...]:
    """Who has no task: told not to run, or with nothing to read in."""
    absent = tuple((role, request.conf.roles[role][position]) for role, position in cast.given) if is_stored else ()
    return (*cast.passing, *absent)


def _list_members(module: Module, roles: Mapping[str, Sequence[str]]) -> tuple[Member, ...]:
    return tuple((role, party) for role in roles if role in module.roles for party in roles[role])
