"""Who may do what: one table of rules, deny by default."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from scheduler.domain.values import valueclass

LOCAL_ORG: Final = "local"
DEFAULT_PROJECT: Final = "default"
"""Whose an installation is that has named no others."""


class Role(StrEnum):
    """What a user may do within their project."""

    PROJECT_ADMIN = "project_admin"
    ORG_ADMIN = "org_admin"
    LEAD = "lead"
    MEMBER = "member"


class Action(StrEnum):
    """What can be asked for."""

    READ_JOB = "read_job"
    SUBMIT_JOB = "submit_job"
    CONTROL_JOB = "control_job"
    DELETE_JOB = "delete_job"
    REQUEUE_JOB = "requeue_job"
    READ_OUTPUT = "read_output"
    READ_PARTY = "read_party"
    ADMIT_PARTY = "admit_party"
    CONTROL_PARTY = "control_party"
    READ_SITE = "read_site"
    RESTART_SITE = "restart_site"
    READ_TABLE = "read_table"
    WRITE_TABLE = "write_table"
    READ_TOKENS = "read_tokens"
    ISSUE_TOKEN = "issue_token"  # noqa: S105  an action, not a secret
    CONTROL_STUDY = "control_study"
    REMOVE_STUDY = "remove_study"
    MONITOR = "monitor"


class Scope(StrEnum):
    """Whose things an action may touch."""

    PROJECT = "project"
    ORG = "org"
    OWN = "own"


@valueclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls, as their token says; a worker has a party and no role."""

    name: str
    kind: str
    role: Role | None = None
    org: str = ""
    project: str = ""
    party: str | None = None
    token: str = ""


@valueclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose thing it is that an action would touch; empty fields say that nobody in particular owns it."""

    owner: str = ""
    org: str = ""
    project: str = ""


class Owned(Protocol):
    """What somebody owns within a project, such as a job or a model."""

    @property
    def owner(self) -> str: ...
    @property
    def org(self) -> str: ...
    @property
    def project(self) -> str: ...


def subject_of(thing: Owned) -> Subject:
    """Whose the thing is."""
    return Subject(owner=thing.owner, org=thing.org, project=thing.project)


Rules = Mapping[Role, Scope]

_ALL: Final[Rules] = MappingProxyType(dict.fromkeys(Role, Scope.PROJECT))
_ADMIN: Final[Rules] = MappingProxyType({Role.PROJECT_ADMIN: Scope.PROJECT})
_ORG: Final[Rules] = MappingProxyType({Role.PROJECT_ADMIN: Scope.PROJECT, Role.ORG_ADMIN: Scope.ORG})
_SITE: Final[Rules] = MappingProxyType({**_ORG, Role.LEAD: Scope.ORG})
_OWN: Final[Rules] = MappingProxyType({**_ORG, Role.LEAD: Scope.OWN})

RULES: Final[Mapping[Action, Rules]] = MappingProxyType(
    {
        Action.READ_JOB: _ALL,
        Action.SUBMIT_JOB: MappingProxyType(
            {Role.PROJECT_ADMIN: Scope.PROJECT, Role.ORG_ADMIN: Scope.PROJECT, Role.LEAD: Scope.PROJECT}
        ),
        Action.CONTROL_JOB: _OWN,
        Action.DELETE_JOB: _OWN,
        Action.REQUEUE_JOB: _ORG,
        Action.READ_OUTPUT: _OWN,
        Action.READ_PARTY: _ALL,
        Action.ADMIT_PARTY: _ADMIN,
        Action.CONTROL_PARTY: _ORG,
        Action.READ_SITE: _SITE,
        Action.RESTART_SITE: _SITE,
        Action.READ_TABLE: _ALL,
        Action.WRITE_TABLE: _OWN,
        Action.READ_TOKENS: _ORG,
        Action.ISSUE_TOKEN: _ORG,
        Action.CONTROL_STUDY: MappingProxyType(dict.fromkeys((Role.PROJECT_ADMIN, Role.ORG_ADMIN), Scope.PROJECT)),
        Action.REMOVE_STUDY: _ADMIN,
        Action.MONITOR: _ALL,
    }
)


def is_allowed(principal: Principal, action: Action, subject: Subject | None = None) -> bool:
    """Whether `principal` may do `action` to `subject` (None: to nothing that anybody owns)."""
    if principal.role is None:
        return False
    scope = RULES[action].get(principal.role)
    if scope is None:
        return False
    if subject is None:
        return True
    if subject.project and subject.project != principal.project:
        return False
    # Names are given within an organisation: its admin could name somebody as another's user is called.
    is_mine = subject.owner == principal.name and subject.org in {"", principal.org}
    return {
        Scope.PROJECT: True,
        Scope.ORG: bool(subject.org) and subject.org == principal.org,
        Scope.OWN: bool(subject.owner) and is_mine,
    }[scope]


def name_owner(principal: Principal, org: str) -> str:
    """Who owns what `principal` makes of, or puts into, an organisation's things: elsewhere than at home nobody.

    The name would be a namesake's there. Only who rules there may do so at all, and keeps the right to it.
    """
    return principal.name if org == principal.org else ""


def is_visible(principal: Principal, subject: Subject) -> bool:
    """Whether `principal` may know that the thing exists; a refusal must not tell otherwise."""
    return not subject.project or subject.project == principal.project
