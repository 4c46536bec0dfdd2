"""What a job is in FATE's words, once it is settled who runs what."""

from collections.abc import Collection, Mapping, Sequence

from api.dialects.fate.requests.job_settings import PREDICT
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.origin import FateJob, Member, make_model_id
from api.dialects.fate.vocabulary.roles import Cast
from api.dialects.fate.vocabulary.wish import Wish


def makes_model(fate: FateJob) -> bool:
    """Whether the job leaves a model that can be used later."""
    modules = (get_module(fate.get_module(name), name) for name in fate.components)
    return fate.job_type != PREDICT and any(module.models for module in modules)


def describe_wish(
    wish: Wish,
    casts: Mapping[str, Cast],
    modules: Mapping[str, Module],
    *,
    warnings: Sequence[str],
    stored: Collection[str],
) -> FateJob:
    """The wish in FATE's words, with what follows from it; `stored` are Readers with nothing to read in."""
    predicts = wish.settings.job_type == PREDICT
    unused = sorted(wish.conf.list_configured() - set(modules))
    ignored = [
        f"[WARN]component_parameters of {name} do not take effect: the DSL has no such component" for name in unused
    ]
    return FateJob(
        sent_conf=wish.sent_conf,
        sent_dsl=wish.sent_dsl,
        conf=wish.conf.document,
        dsl=wish.dsl,
        job_type=wish.settings.job_type,
        model_id=wish.settings.model_id if predicts else make_model_id(wish.conf.roles),
        model_version=wish.settings.model_version if predicts else "",
        initiator=wish.conf.initiator,
        passed={
            name: passing
            for name, cast in casts.items()
            if (passing := _list_passing(cast, wish, is_stored=name in stored))
        },
        inherited={name: _list_members(modules[name], wish.conf.roles) for name in wish.inherited},
        inherits_from=wish.settings.inherits_from,
        holders=wish.inherited,
        train_conf=wish.trained.fate.conf if wish.trained else {},
        warnings=(*wish.conf.warnings, *wish.settings.warnings, *ignored, *warnings, *wish.warnings),
    )


def _list_passing(cast: Cast, wish: Wish, *, is_stored: bool) -> tuple[Member, ...]:
    """Who has no task: told not to run, or with nothing to read in."""
    absent = tuple((role, wish.conf.roles[role][position]) for role, position in cast.given) if is_stored else ()
    return (*cast.passing, *absent)


def _list_members(module: Module, roles: Mapping[str, Sequence[str]]) -> tuple[Member, ...]:
    return tuple((role, party) for role in roles if role in module.roles for party in roles[role])
