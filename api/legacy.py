"""Who calls on the routes of other systems' interfaces, some of whose clients cannot send any credential."""

from urllib.parse import urlsplit

from aiohttp import web

from api.callers import find_address, is_passed_on
from api.keys import GATE, SETTINGS
from config.settings import LOOPBACK, Settings
from scheduler.domain.access import DEFAULT_PROJECT, LOCAL_ORG, Principal, Role
from scheduler.domain.errors import ForbiddenError, UnauthenticatedError


async def admit_legacy(request: web.Request) -> Principal:
    """The user of the request's token; without one, the user that stands for all clients which cannot send any.

    UnauthenticatedError where nobody stands for them, ForbiddenError for a worker's token or a web page's call.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        principal = await request.app[GATE].identify(header, find_address(request))
        if principal.kind != "user":
            raise ForbiddenError("a worker's token serves only its worker: use a user's token here")
        return principal
    settings = request.app[SETTINGS]
    legacy = find_legacy_principal(settings)
    if legacy is None:
        raise UnauthenticatedError("this gateway takes no calls without a token: see FEDROTA_LEGACY_OPEN")
    if is_passed_on(request) and not settings.legacy_open:  # loopback is the proxy's, not the client's
        raise UnauthenticatedError("no calls without a token are taken through a proxy: see FEDROTA_LEGACY_OPEN")
    # A page in a browser on this machine could call loopback in its user's name; no such client is one.
    if "Origin" in request.headers or (settings.host in LOOPBACK and _find_host(request) not in LOOPBACK):
        raise ForbiddenError("calls without a token are not taken from web pages or under other names")
    return legacy


def find_legacy_principal(settings: Settings) -> Principal | None:
    """Who a client without a credential is on a dialect's routes: as set, or nobody where the bind is not loopback."""
    if settings.host not in LOOPBACK and not settings.legacy_open:
        return None
    return Principal(
        name=settings.legacy_user, kind="user", role=Role(settings.legacy_role), org=LOCAL_ORG, project=DEFAULT_PROJECT
    )


def _find_host(request: web.Request) -> str:
    """The name under which the gateway was called; empty where that is none."""
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return ""
