"""What tokens and app keys have in common: whose they are, who sees them, who may have them issued."""

from collections.abc import Sequence
from typing import TypeVar

from aiohttp import web

from api.auth import require
from api.keys import PRINCIPAL
from scheduler.domain.access import Action, Principal, Role, Subject, is_allowed
from scheduler.domain.errors import ForbiddenError
from scheduler.store.queries.credentials import ClientView, TokenView

AnyCredential = TypeVar("AnyCredential", TokenView, ClientView)


def subject_of(credential: TokenView | ClientView) -> Subject:
    """Whose the credential is."""
    return Subject(owner=credential.name, org=credential.org, project=credential.project)


def pick_visible(principal: Principal, found: Sequence[AnyCredential]) -> list[AnyCredential]:
    """Those of the credentials that `principal` may see."""
    return [each for each in found if is_allowed(principal, Action.READ_TOKENS, subject_of(each))]


def check_ending(request: web.Request, found: TokenView | ClientView, *, kind: str) -> None:
    """ForbiddenError where the caller may not revoke the credential, a `kind`."""
    require(request[PRINCIPAL], Action.ISSUE_TOKEN, subject_of(found), kind=kind, identity=found.id)


def check_issue(principal: Principal, role: Role | None, *, org: str, project: str) -> None:
    """ForbiddenError where `principal` may not have a credential of that kind issued; a worker's has no role."""
    require(principal, Action.ISSUE_TOKEN)
    if not is_allowed(principal, Action.ISSUE_TOKEN, Subject(org=org, project=project)):
        raise ForbiddenError(
            f"{principal.name} may issue credentials for organisation {principal.org!r} "
            f"in project {principal.project!r} only"
        )
    if role is Role.PROJECT_ADMIN and principal.role is not Role.PROJECT_ADMIN:
        raise ForbiddenError("only a project_admin makes another project_admin")
