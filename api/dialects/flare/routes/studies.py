"""Studies: who has them, who enters them, and what administrators do with them; refusals stand in the payload."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import wraps
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.dialects.flare.command import DEFAULT_STUDY, Call, Command, Reply, Serve
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.studies import StudyWordsError, parse_sites, parse_study, parse_user
from api.dialects.flare.responses import make_dict
from api.dialects.flare.vocabulary.draft import may_submit
from api.keys import READER, WRITER
from scheduler.domain.access import Action, Principal
from scheduler.domain.studies import Obstacle, Study, StudyError, StudyUser, make_not_found
from scheduler.service import studies
from scheduler.service.audit import Actor
from scheduler.store.queries.studies import find_study, list_studies
from scheduler.store.tx import Tx

Answer = Callable[[Call], Awaitable[dict[str, Any]]]
_CODES: Final = MappingProxyType(
    {
        Obstacle.NO_STUDY: ("STUDY_NOT_FOUND", 1),
        Obstacle.TAKEN: ("STUDY_ALREADY_EXISTS", 1),
        Obstacle.SITES: ("INVALID_SITE", 4),
        Obstacle.JOBS: ("STUDY_HAS_JOBS", 1),
        Obstacle.USER_THERE: ("USER_ALREADY_IN_STUDY", 1),
        Obstacle.NO_USER: ("USER_NOT_IN_STUDY", 1),
        Obstacle.WHOSE_USER: ("INVALID_ARGS", 4),
    }
)
_HINTS: Final = MappingProxyType(
    {
        Obstacle.NO_STUDY: "Verify the study name. If the study exists and you expect access, contact a project_admin.",
        Obstacle.TAKEN: "The study name is already taken. Contact a project_admin to grant access.",
        Obstacle.SITES: "Each site must be a registered party of the specified organisation.",
        Obstacle.JOBS: "Archive or delete the associated jobs before retrying.",
        Obstacle.USER_THERE: "Use a different user or remove the existing entry first.",
        Obstacle.NO_USER: "Use add-user to add the user first.",
        Obstacle.WHOSE_USER: "Name the user's organisation, as organisation:user.",
    }
)


async def enter_study(app: web.Application, by: Principal, name: str) -> tuple[Principal, Study | None]:
    """Who calls inside the study, and it; FlareError where the caller is none of its users."""
    if name in {"", DEFAULT_STUDY}:
        return by, None
    found = await app[READER].read(lambda tx: find_study(tx, by.project, name))
    if found is None:
        raise _reject("AUTH_UNKNOWN_STUDY", f"unknown study '{name[:80]}'")
    if not found.has_user(by):
        raise _reject("AUTH_STUDY_USER_NOT_MAPPED", _say_not_mapped(found, by))
    return replace(by, project=found.scope), found


def _say_not_mapped(study: Study, by: Principal) -> str:
    """Why the caller is none of its users; whoever asks for help tells their administrator what went wrong."""
    said = f"user '{by.name}' is not mapped to study '{study.name}'"
    others = any(user.name == by.name for user in study.users)
    return f"{said}: a user of that name is, of another organisation than '{by.org}'" if others else said


def _reject(code: str, message: str) -> FlareError:
    return FlareError(MetaStatus.NOT_AUTHENTICATED, message, auth_code=code)


def _serve(action: Action) -> Callable[[Answer], Serve]:
    """Turn what answers with a payload into a command for those who may do `action`."""

    def wrap(answer: Answer) -> Serve:
        @wraps(answer)
        async def serve(call: Call) -> Reply:
            require(call.by, action)
            by = call.by if call.study is None else replace(call.by, project=call.study.project)
            try:
                return make_dict(await answer(replace(call, by=by)))
            except StudyError as wrong:
                code, status = _CODES[wrong.obstacle]
                return _refuse(code, wrong.message, _HINTS[wrong.obstacle], status)
            except StudyWordsError as wrong:
                return _refuse(wrong.code, str(wrong), "", 4)

        return serve

    return wrap


def _refuse(code: str, message: str, hint: str, exit_code: int) -> Reply:
    return make_dict({"error_code": code, "message": message, "hint": hint, "exit_code": exit_code})


@_serve(Action.READ_JOB)
async def show_studies(call: Call) -> dict[str, Any]:
    """List the studies that the caller may know of."""
    if call.words:
        raise StudyWordsError("INVALID_ARGS", "list_studies does not accept arguments")
    by = call.by
    found = await call.app[READER].read(lambda tx: list_studies(tx, by.project))
    known = [study for study in found if study.is_known_to(by)]
    identity = {"name": by.name, "org": by.org, "role": str(by.role or "")}
    return {
        "identity": identity,
        "studies": [study.name for study in known],
        "study_details": [_describe_rights(study, by) for study in known],
    }


def _describe_rights(study: Study, by: Principal) -> dict[str, Any]:
    why = _find_obstacle(study, by)
    rights = {"capabilities": {"submit_job": not why}, "can_submit_job": not why}
    return {"name": study.name, "role": str(by.role or ""), **rights, **({"reason": why} if why else {})}


def _find_obstacle(study: Study, by: Principal) -> str:
    """Why the caller may not submit jobs into the study; empty where they may."""
    if not study.has_user(by):
        return _say_not_mapped(study, by)
    if not may_submit(by):
        return f"user '{by.name}' is not authorized for 'submit_job'"
    return ""


@_serve(Action.CONTROL_STUDY)
async def show_study(call: Call) -> dict[str, Any]:
    """Show a study's sites and users."""
    name = parse_study(call.words)
    found = await call.app[READER].read(lambda tx: find_study(tx, call.by.project, name))
    if found is None or not found.is_known_to(call.by):
        raise make_not_found(name)
    return _describe(found)


@_serve(Action.CONTROL_STUDY)
async def register_study(call: Call) -> dict[str, Any]:
    """Create a study, or add sites to one."""
    name, sites = parse_sites("register_study", call.words, call.by)
    return _describe(await _write(call, lambda tx, **how: studies.register_study(tx, name, sites, **how)))


@_serve(Action.CONTROL_STUDY)
async def add_study_site(call: Call) -> dict[str, Any]:
    """Add sites to a study."""
    name, sites = parse_sites("add_study_site", call.words, call.by)
    study, new = await _write(call, lambda tx, **how: studies.enroll_sites(tx, name, sites, **how))
    old = [site for named in sites.values() for site in named if site not in new]
    return {"study": name, "added": new, "already_enrolled": old, **_describe_sites(study)}


@_serve(Action.CONTROL_STUDY)
async def remove_study_site(call: Call) -> dict[str, Any]:
    """Remove sites from a study."""
    name, sites = parse_sites("remove_study_site", call.words, call.by)
    study, gone = await _write(call, lambda tx, **how: studies.withdraw_sites(tx, name, sites, **how))
    others = [site for named in sites.values() for site in named if site not in gone]
    return {"study": name, "removed": gone, "not_enrolled": others, **_describe_sites(study)}


@_serve(Action.REMOVE_STUDY)
async def remove_study(call: Call) -> dict[str, Any]:
    """Remove a study that has no jobs."""
    name = parse_study(call.words)
    await _write(call, lambda tx, **how: studies.remove_study(tx, name, **how))
    return {"name": name, "removed": True}


@_serve(Action.CONTROL_STUDY)
async def add_study_user(call: Call) -> dict[str, Any]:
    """Let a user work in a study."""
    name, word = parse_user(call.words)
    _, user = await _write(call, lambda tx, **how: studies.add_study_user(tx, name, word, **how))
    return _describe_user(name, user)


@_serve(Action.CONTROL_STUDY)
async def remove_study_user(call: Call) -> dict[str, Any]:
    """Let a user work in a study no longer."""
    name, word = parse_user(call.words)
    _, user = await _write(call, lambda tx, **how: studies.remove_study_user(tx, name, word, **how))
    return {**_describe_user(name, user), "removed": True}


async def _write(call: Call, change: Callable[..., Any]) -> Any:
    def carry_out(tx: Tx) -> Any:
        return change(tx, by=Actor(call.by), now=utc_now())

    return await call.app[WRITER].write(carry_out)


def _describe(study: Study) -> dict[str, Any]:
    return {"name": study.name, **_describe_sites(study), **_describe_users(study)}


def _describe_users(study: Study) -> dict[str, Any]:
    """Each name once, as FLARE has it; and beside it the names of each organisation, which FLARE does not know."""
    orgs: dict[str, list[str]] = {}
    for user in study.users:
        if user.org is not None:
            orgs.setdefault(user.org, []).append(user.name)
    return {"users": list(dict.fromkeys(user.name for user in study.users)), "user_orgs": orgs}


def _describe_user(study: str, user: StudyUser) -> dict[str, Any]:
    return {"study": study, "user": user.name, "org": user.org}


def _describe_sites(study: Study) -> dict[str, Any]:
    orgs = {org: list(sites) for org, sites in study.site_orgs.items()}
    return {"site_orgs": orgs, "sites": list(study.sites)}


_SITES: Final = "study [--sites s1,s2,...] [--site-org org:s1,s2,...]"
COMMANDS: Final[Sequence[Command]] = (
    Command(name="list_studies", scope="study_mgmt", serve=show_studies, usage="list_studies"),
    Command(name="show_study", scope="study_mgmt", serve=show_study, usage="show_study study"),
    Command(name="register_study", scope="study_mgmt", serve=register_study, usage=f"register_study {_SITES}"),
    Command(name="add_study_site", scope="study_mgmt", serve=add_study_site, usage=f"add_study_site {_SITES}"),
    Command(name="remove_study_site", scope="study_mgmt", serve=remove_study_site, usage=f"remove_study_site {_SITES}"),
    Command(name="remove_study", scope="study_mgmt", serve=remove_study, usage="remove_study study"),
    Command(name="add_study_user", scope="study_mgmt", serve=add_study_user, usage="add_study_user study user"),
    Command(
        name="remove_study_user", scope="study_mgmt", serve=remove_study_user, usage="remove_study_user study user"
    ),
)
